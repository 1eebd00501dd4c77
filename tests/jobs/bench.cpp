// SPDX-License-Identifier: Apache-2.0
//
// Bench of `crypto`: job engine, vault and AES core together. One line a test; the seed of the random ones is
// printed and may be given as the first argument, a part of a test's name as the second.
#include <ctime>

#include "tests.h"

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : uint64_t(time(nullptr));
	printf("seed %llu\n", (unsigned long long)seed);
	for (auto list :
	     {&data_tests, &mode_tests, &header_tests, &key_tests, &policy_tests, &revoke_tests, &switch_tests})
		for (auto &t : *list) {
			if (argc > 2 && !strstr(t.name, argv[2]))
				continue;
			seed_random(seed);
			Rig rig;
			unsigned before = failures, had = checks;
			t.run(rig);
			printf("%s %s (%u checks)\n", failures == before ? "ok    " : "FAILED", t.name, checks - had);
			fflush(stdout);
		}
	return failures != 0;
}
