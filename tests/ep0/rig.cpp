// SPDX-License-Identifier: Apache-2.0
//
// Counts of checks and the longest times; the parts of the rig that need them.
#include <cstdio>
#include <map>

#include "rig.h"

int checks, failures;

namespace {

std::map<std::string, uint64_t> longest; // hold of endpoint 0, by request

void print_longest()
{
	printf("longest hold of endpoint 0, in cycles:");
	for (const auto &[name, held] : longest)
		printf(" %s %llu,", name.c_str(), (unsigned long long)held);
	printf(" at most %llu allowed\n", (unsigned long long)HoldLimit);
}

} // namespace

void check(bool good, const std::string &what)
{
	checks++;
	if (good)
		return;
	failures++;
	printf("FAIL %s\n", what.c_str());
}

int verdict(Board &b)
{
	print_longest();
	printf("%d checks; memory never used: %u bytes\n", checks, b.info().ram_free);
	printf(failures ? "%d checks failed\n" : "ok\n", failures);
	return failures != 0;
}

Reply Board::timed(const std::string &name, Reply r)
{
	uint64_t &most = longest[name.substr(0, name.find_first_of(":,"))];
	most = std::max(most, r.held);
	check(r.held <= HoldLimit, name + " held endpoint 0 for " + std::to_string(r.held) + " cycles");
	return r;
}

void refused(Board &b, const char *what, Setup s, const Bytes &data)
{
	Reply r = (s.type & 0x80) ? b.in(what, s) : b.out(what, s, data);

	check(r.stalled, std::string(what) + ": not stalled");
}
