// SPDX-License-Identifier: Apache-2.0
// What a change of the key between two queued jobs costs beyond the jobs themselves, in cycles.
#include "tests.h"

constexpr uint32_t kLength = 4000;
constexpr int kMost = 64;

struct queued {
	coffer_job header;
	bytes payload;
};

// The stamps of jobs that all wait in a context's endpoint.
static std::vector<coffer_completion> stamps(Rig &rig, const std::vector<queued> &jobs)
{
	std::vector<coffer_completion> done;

	for (const queued &j : jobs) {
		bytes t(sizeof j.header);
		memcpy(t.data(), &j.header, sizeof j.header);
		t.insert(t.end(), j.payload.begin(), j.payload.end());
		rig.send(0, t);
	}
	rig.idle();
	for (const queued &j : jobs) {
		done.push_back(rig.take(0, j.header.flags & COFFER_JOB_RETURN).done);
		const coffer_completion &c = done.back();
		CHECK(c.status == COFFER_JOB_OK && c.first_cycle <= c.last_cycle);
		CHECK(done.size() == 1 || c.first_cycle > done[done.size() - 2].last_cycle);
	}
	return done;
}

// From the last byte out of one job to the first byte in of the next.
static int gap(const coffer_completion &before, const coffer_completion &after)
{
	return int(after.first_cycle - before.last_cycle);
}

// From the first byte in of the first job to the last byte out of the last one.
static int span(Rig &rig, const std::vector<queued> &jobs)
{
	auto done = stamps(rig, jobs);

	return int(done.back().last_cycle - done.front().first_cycle);
}

static queued data_job(uint32_t slot, unsigned flags)
{
	queued j = {crypt(1, slot, COFFER_MODE_CTR, flags, kLength), random_bytes(kLength)};
	j.header.dst_handle = flags & COFFER_JOB_DST_SURFACE ? COFFER_HANDLE(0, 1) : 0;
	return j;
}

static queued load_job(const session &s, unsigned key_bytes)
{
	queued j = {header(COFFER_OP_LOAD_KEY, 1), random_bytes(key_bytes == 16 ? 16 : 32)};
	j.header.slot = s.slot;
	j.header.dst_handle = s.content;
	j.header.dst_offset = key_bytes;
	j.header.length = uint32_t(j.payload.size());
	j.header.mode = COFFER_MODE_CTR;
	return j;
}

// Two slots in turn, against each of them twice.
static void between_slots(Rig &rig)
{
	for (unsigned n : {16u, 24u, 32u}) {
		const unsigned flags = COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN;
		uint32_t a = open_key(rig, 0, random_bytes(16));
		attr other = {.session = 1, .ctx = 0, .key_bytes = n, .usage = DATA_USE, .rules = ALL_RULES};
		uint32_t b = rig.key_slot(1, other, random_bytes(n));
		int same_a = span(rig, {data_job(a, flags), data_job(a, flags)});
		int same_b = span(rig, {data_job(b, flags), data_job(b, flags)});
		int to_b = span(rig, {data_job(a, flags), data_job(b, flags)}) - (same_a + same_b) / 2;
		int to_a = span(rig, {data_job(b, flags), data_job(a, flags)}) - (same_a + same_b) / 2;
		printf("    from a slot with AES-128 to one with AES-%u and back: %d and %d cycles more than without\n",
		       8 * n, to_b, to_a);
		CHECK(to_b <= kMost && to_a <= kMost);
		end_session(rig, 0, 0);
		end_session(rig, 0, 1);
	}
}

// A content key loaded between two jobs that use it: what stands before and behind it, beyond what stands between any two
// queued jobs (a completion out, a header in). The stamps of a LOAD_KEY begin with its header.
static void by_load_key(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	session s = protected_session(rig, 0);
	rig.surfaces[0] = {true, 0, 0, s.slot >> 8, 1, 0, 7};
	for (unsigned n : {16u, 24u, 32u}) {
		stamps(rig, {load_job(s, n)});
		queued data = data_job(s.content, COFFER_JOB_DST_SURFACE);
		auto plain = stamps(rig, {data, data}), loaded = stamps(rig, {data, load_job(s, n), data});
		int between = gap(plain[0], plain[1]), header = int(sizeof(coffer_job));
		int itself = int(loaded[1].last_cycle - loaded[1].first_cycle);
		int more = gap(loaded[0], loaded[1]) + header + gap(loaded[1], loaded[2]) - 2 * between;
		printf("    LOAD_KEY of AES-%u between two jobs: %d cycles later; itself %d, beyond that %d\n", 8 * n,
		       gap(loaded[0], loaded[2]) - between, itself, more);
		CHECK(more <= kMost);
	}
}

const std::vector<test> switch_tests = {
	{"key-switch-between-slots", between_slots},
	{"key-switch-by-load-key", by_load_key},
};
