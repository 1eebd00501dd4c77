// SPDX-License-Identifier: Apache-2.0
// CBC, and the four schemes of Common Encryption (ISO/IEC 23001-7) as jobs.
#include <filesystem>
#include <fstream>

#include "tests.h"

using list_t = std::vector<coffer_pair>;

static bytes hex(const std::string &s)
{
	bytes b;
	for (size_t i = 0; i + 1 < s.size(); i += 2)
		b.push_back(uint8_t(strtoul(s.substr(i, 2).c_str(), nullptr, 16)));
	return b;
}

static bytes join(bytes a, const bytes &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

static answer run(Rig &rig, unsigned ctx, coffer_job h, const list_t &list, const bytes &data)
{
	bytes rest(list.size() * sizeof(coffer_pair));
	memcpy(rest.data(), list.data(), rest.size());
	h.length = uint32_t(data.size());
	h.pairs = uint16_t(list.size());
	h.flags = uint8_t(h.flags & ~COFFER_JOB_LIST) | COFFER_JOB_RETURN | (list.empty() ? 0 : COFFER_JOB_LIST);
	return rig.job(ctx, h, join(rest, data));
}

static std::string vectors_folder()
{
	for (const auto &entry : std::filesystem::directory_iterator("build/venv/lib")) {
		auto folder = entry.path() / "site-packages/cryptography_vectors/ciphers/AES/CBC";
		if (std::filesystem::exists(folder))
			return folder.string();
	}
	return "";
}

// NIST's CAVP vectors for CBC.
static void cbc_vectors(Rig &rig)
{
	std::string folder = vectors_folder();
	CHECK(!folder.empty());
	for (const char *kind : {"GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT"})
		for (const char *bits : {"128", "192", "256"}) {
			std::ifstream file(folder + "/CBC" + kind + bits + ".rsp");
			std::string line;
			bytes key, iv, plain, cipher;
			bool decrypt = false;
			unsigned vectors = 0;
			while (std::getline(file, line)) {
				while (!line.empty() && isspace(uint8_t(line.back())))
					line.pop_back();
				if (line == "[DECRYPT]")
					decrypt = true;
				size_t equals = line.find(" = ");
				if (equals == std::string::npos)
					continue;
				std::string name = line.substr(0, equals);
				bytes value = hex(line.substr(equals + 3));
				(name == "KEY"         ? key
				 : name == "IV"        ? iv
				 : name == "PLAINTEXT" ? plain
						       : cipher) = value;
				if (name != (decrypt ? "PLAINTEXT" : "CIPHERTEXT"))
					continue;
				if (++vectors > 24 && vectors % 16) // all of them take long
					continue;
				uint32_t slot = open_key(rig, 0, key);
				coffer_job h =
					crypt(vectors, slot, COFFER_MODE_CBC, decrypt ? 0 : COFFER_JOB_ENCRYPT, 0);
				memcpy(h.iv, iv.data(), 16);
				answer a = run(rig, 0, h, {}, decrypt ? cipher : plain);
				CHECK(a.done.status == COFFER_JOB_OK && a.payload == (decrypt ? plain : cipher));
				CHECK(!memcmp(a.done.iv, &cipher[cipher.size() - 16], 16));
				end_session(rig, 0, 0);
			}
			CHECK(vectors >= 10);
		}
}

// Of random sizes, many of them 0.
static list_t random_list(unsigned most, bool whole)
{
	list_t list(1 + random_below(random_below(4) ? 8 : 128));
	unsigned shrink = unsigned(list.size());
	for (auto &r : list) {
		r.clear = random_below(3) ? random_below(most / shrink + 2) : 0;
		r.encrypted = random_below(4) ? random_below(most / shrink + 40) : 0;
		if (whole)
			r.encrypted &= ~15u;
	}
	return list;
}

static coffer_job random_scheme(uint32_t slot)
{
	coffer_job h = crypt(random_below(1000), slot, random_below(3) ? COFFER_MODE_CBC : COFFER_MODE_CTR, 0, 0);
	if (random_below(3) == 0)
		h.flags |= COFFER_JOB_ENCRYPT;
	memcpy(h.iv, random_bytes(16).data(), 16);
	if (random_below(4)) {
		h.crypt_blocks = uint8_t(1 + random_below(random_below(2) ? 2 : 15));
		h.skip_blocks = uint8_t(random_below(random_below(2) ? 10 : 16));
	}
	if (h.mode == COFFER_MODE_CBC && random_below(2))
		h.flags |= COFFER_JOB_RESTART;
	if (h.mode == COFFER_MODE_CTR) {
		h.counter_rule = COFFER_CTR_WRAP64;
		h.keystream_byte = uint8_t(random_below(16));
	}
	return h;
}

// Every mode, pattern and list against the reference.
static void schemes_random(Rig &rig)
{
	for (unsigned round = 0; round < 60; round++) {
		unsigned ctx = random_below(kContexts);
		bytes key = random_bytes(16 + 8 * random_below(3));
		uint32_t slot = open_key(rig, ctx, key);
		for (unsigned k = 0; k < 6; k++) {
			coffer_job h = random_scheme(slot);
			list_t list;
			h.length = random_below(random_below(3) ? 200 : 3000);
			if (random_below(3)) {
				list = random_list(random_below(2) ? 300 : 2500, false);
				h.length = 0;
				for (auto &r : list)
					h.length += r.clear + r.encrypted;
			}
			if (h.crypt_blocks && random_below(2)) { // goes on inside a pattern
				h.pattern_phase = uint16_t(random_below(16u * (h.crypt_blocks + h.skip_blocks)));
				if (h.mode == COFFER_MODE_CBC && h.pattern_phase < 16u * h.crypt_blocks)
					h.pattern_phase &= uint16_t(~15u);
			}
			bool ends_clear = !list.empty() && !list.back().encrypted; // nothing that could go on
			if ((h.crypt_blocks || h.mode == COFFER_MODE_CBC) && !ends_clear && random_below(3) == 0)
				h.flags |= COFFER_JOB_MORE;
			crypt_one(rig, ctx, slot, key, h, list);
		}
		end_session(rig, ctx, ctx * kShare);
	}
}

// What a host does with a sample that it cuts: which of the ranges go into the first job, and whether the last of them
// goes on with whole runs.
struct half {
	list_t list;
	bool more;
};
static half first_part(const coffer_job &h, const list_t &list, unsigned cut)
{
	half first = {};
	unsigned crypt = 16u * (h.crypt_blocks ? h.crypt_blocks : 1), period = crypt + 16u * h.skip_blocks;
	for (auto &r : list) {
		uint32_t clear = std::min(cut, r.clear), encrypted = std::min(cut - clear, r.encrypted);
		if (!cut)
			break;
		cut -= clear + encrypted;
		first.list.push_back({clear, encrypted});
		unsigned phase = encrypted % period, left = r.encrypted - encrypted;
		first.more = encrypted && left && (phase >= crypt || left >= crypt - phase);
	}
	return first;
}

static list_t behind(const list_t &list, unsigned done)
{
	list_t rest;
	for (auto r : list) {
		unsigned clear = std::min(done, r.clear), encrypted = std::min(done - clear, r.encrypted);
		done -= clear + encrypted;
		r.clear -= clear;
		r.encrypted -= encrypted;
		if (r.clear || r.encrypted)
			rest.push_back(r);
	}
	return rest;
}

// A sample cut at every byte, in clear bytes, runs and blocks: two or three jobs give what one gives.
static void cuts(Rig &rig)
{
	bytes key = random_bytes(16);
	uint32_t slot = open_key(rig, 2, key);
	const list_t list = {{5, 100}, {0, 0}, {7, 47}, {0, 70}, {3, 0}, {2, 16}};
	const struct {
		unsigned mode, crypt, skip, flags;
	} schemes[] = {
		{COFFER_MODE_CTR, 1, 2, 0}, // cens
		{COFFER_MODE_CTR, 3, 1, 0},
		{COFFER_MODE_CBC, 0, 0, 0}, // CBC, whole blocks of every range
		{COFFER_MODE_CBC, 0, 0, COFFER_JOB_ENCRYPT},
		{COFFER_MODE_CBC, 1, 2, COFFER_JOB_RESTART}, // cbcs
		{COFFER_MODE_CBC, 2, 1, COFFER_JOB_RESTART},
		{COFFER_MODE_CBC, 2, 0, COFFER_JOB_RESTART | COFFER_JOB_ENCRYPT},
	};
	for (auto &s : schemes) {
		coffer_job h = crypt(s.crypt, slot, s.mode, s.flags, 250);
		h.crypt_blocks = uint8_t(s.crypt);
		h.skip_blocks = uint8_t(s.skip);
		h.counter_rule = s.mode == COFFER_MODE_CTR ? COFFER_CTR_WRAP64 : 0;
		memcpy(h.iv, random_bytes(16).data(), 16);
		bytes data = random_bytes(250);
		position end;
		bytes want = reference_job(h, key, list, data, &end);
		CHECK(want.size() == 250);
		for (unsigned cut = 0; cut <= 250; cut++) {
			half first = first_part(h, list, cut);
			coffer_job a = h;
			a.flags |= first.more ? COFFER_JOB_MORE : 0;
			answer got = run(rig, 2, a, first.list, bytes(data.begin(), data.begin() + cut));
			CHECK(got.done.status == COFFER_JOB_OK && got.payload.size() == got.done.bytes);
			CHECK(got.done.bytes == cut ||
			      (first.more && s.mode == COFFER_MODE_CBC && cut - got.done.bytes < 16));
			bytes out = got.payload;
			list_t rest = behind(list, got.done.bytes);
			coffer_job b = h;
			memcpy(b.iv, got.done.iv, 16);
			b.keystream_byte = got.done.keystream_byte;
			b.pattern_phase = got.done.pattern_phase;
			if (first.more &&
			    s.flags & COFFER_JOB_RESTART) { // the range that was cut, alone: its chain is not the IV
				coffer_job middle = b;
				middle.flags &= uint8_t(~COFFER_JOB_RESTART);
				got = run(rig, 2, middle, {{0, rest[0].encrypted}},
					  bytes(data.begin() + out.size(),
						data.begin() + out.size() + rest[0].encrypted));
				CHECK(got.done.status == COFFER_JOB_OK);
				out = join(out, got.payload);
				rest.erase(rest.begin());
				b = h;
			}
			got = run(rig, 2, b, rest, bytes(data.begin() + out.size(), data.end()));
			CHECK(got.done.status == COFFER_JOB_OK);
			out = join(out, got.payload);
			CHECK(out == want);
			CHECK(!memcmp(got.done.iv, end.iv, 16) && got.done.keystream_byte == end.ks &&
			      got.done.pattern_phase == 0);
		}
	}
}

// Blocks go on from packet to packet, in several contexts at once: nobody's chain is another's.
static void side_by_side(Rig &rig)
{
	for (unsigned round = 0; round < 4; round++) {
		bytes keys[kContexts], data[kContexts], want[kContexts];
		coffer_job h[kContexts];
		position end[kContexts];
		for (unsigned c = 0; c < kContexts; c++) {
			keys[c] = random_bytes(16 + 8 * (c % 3));
			h[c] = random_scheme(open_key(rig, c, keys[c]));
			h[c].flags |= COFFER_JOB_RETURN | COFFER_JOB_LIST;
			h[c].pairs = 2;
			h[c].length = 3000;
			h[c].id = c;
			data[c] = random_bytes(3000);
			uint32_t clear = random_below(100);
			list_t list = {{clear, 1500 + random_below(64)}, {0, 0}};
			list[1].encrypted = 3000 - clear - list[0].encrypted;
			want[c] = reference_job(h[c], keys[c], list, data[c], &end[c]);
			bytes t(sizeof h[c] + 16);
			memcpy(t.data(), &h[c], sizeof h[c]);
			memcpy(t.data() + sizeof h[c], list.data(), 16);
			rig.send(c, join(t, data[c]));
		}
		rig.idle();
		for (unsigned c = 0; c < kContexts; c++) {
			answer a = rig.take(c, true);
			CHECK(a.done.status == COFFER_JOB_OK && a.done.id == c && a.payload == want[c]);
			CHECK(!memcmp(a.done.iv, end[c].iv, 16));
			end_session(rig, c, c * kShare);
		}
	}
}

static void expect(Rig &rig, coffer_job h, unsigned status, const char *what)
{
	bytes data = random_bytes(h.length);
	answer a = rig.job(0, h, data);
	if (a.done.status != status)
		printf("    %s: status %u, not %u\n", what, a.done.status, status);
	CHECK(a.done.status == status);
	CHECK(status == COFFER_JOB_OK || (a.done.bytes == 0 && a.payload.empty()));
}

#define EXPECT(change, status)                                                                                         \
	do {                                                                                                           \
		coffer_job h = good;                                                                                   \
		change;                                                                                                \
		expect(rig, h, status, #change);                                                                       \
	} while (0)

static void bad_patterns(Rig &rig)
{
	const unsigned OK = COFFER_JOB_OK, BAD = COFFER_JOB_BAD_FIELD;
	uint32_t slot = open_key(rig, 0, random_bytes(16));
	coffer_job good = crypt(3, slot, COFFER_MODE_CBC, COFFER_JOB_RETURN, 500);
	good.crypt_blocks = 2;
	good.skip_blocks = 3;
	EXPECT(, OK);
	EXPECT(h.crypt_blocks = 0, BAD); // a skip alone
	EXPECT((h.crypt_blocks = 0, h.skip_blocks = 0), OK);
	EXPECT((h.crypt_blocks = 0, h.skip_blocks = 0, h.pattern_phase = 16), BAD);
	EXPECT(h.skip_blocks = 0, OK);
	EXPECT((h.crypt_blocks = 15, h.skip_blocks = 15), OK);
	EXPECT(h.crypt_blocks = 16, BAD);
	EXPECT(h.skip_blocks = 16, BAD);
	EXPECT(h.crypt_blocks = 0x82, BAD);
	EXPECT(h.pattern_phase = 16, OK);
	EXPECT(h.pattern_phase = 79, OK);
	EXPECT(h.pattern_phase = 80, BAD);
	EXPECT(h.pattern_phase = 0x200, BAD);
	EXPECT(h.pattern_phase = 0x8000, BAD);
	EXPECT(h.pattern_phase = 17, BAD); // inside a block of CBC
	EXPECT(h.pattern_phase = 33, OK);
	EXPECT(h.flags |= 0x80, BAD);
	EXPECT(h.flags |= COFFER_JOB_MORE | COFFER_JOB_RESTART, OK);
	EXPECT(h.keystream_byte = 1, BAD);
	EXPECT(h.counter_rule = COFFER_CTR_WRAP64, BAD);
	EXPECT((h.mode = COFFER_MODE_ECB, h.length = 512), BAD);
	EXPECT((h.mode = COFFER_MODE_ECB, h.length = 512, h.crypt_blocks = 0, h.skip_blocks = 0), OK);
	EXPECT((h.mode = COFFER_MODE_ECB, h.length = 512, h.crypt_blocks = 0, h.skip_blocks = 0,
		h.flags |= COFFER_JOB_MORE),
	       BAD);
	EXPECT((h.mode = COFFER_MODE_ECB, h.length = 512, h.crypt_blocks = 0, h.skip_blocks = 0,
		h.flags |= COFFER_JOB_RESTART),
	       BAD);
	good.mode = COFFER_MODE_CTR;
	EXPECT(h.pattern_phase = 17, OK);
	EXPECT(h.flags |= COFFER_JOB_MORE, OK);
	EXPECT(h.flags |= COFFER_JOB_RESTART, BAD);
	EXPECT(h.counter_rule = COFFER_CTR_WRAP64, OK);
	EXPECT(h.counter_rule = COFFER_CTR_REFUSE64, BAD);
	EXPECT((h.crypt_blocks = 0, h.skip_blocks = 0, h.flags |= COFFER_JOB_MORE), BAD);
	for (unsigned op : {COFFER_OP_NOP, COFFER_OP_LOOP}) {
		good = header(op, 1);
		EXPECT(h.crypt_blocks = 1, BAD);
		EXPECT(h.skip_blocks = 1, BAD);
		EXPECT(h.pattern_phase = 1, BAD);
		EXPECT(h.flags = COFFER_JOB_MORE, BAD);
		EXPECT(h.flags = COFFER_JOB_RESTART, BAD);
	}
}

// A slot does CBC only if its usage says so, and a loaded key only the mode that it was loaded for.
static void usage(Rig &rig)
{
	const unsigned OK = COFFER_JOB_OK, POLICY = COFFER_JOB_POLICY;
	uint32_t slot = open_key(rig, 0, random_bytes(16), DATA_USE & ~COFFER_USE_CBC);
	coffer_job good = crypt(1, slot, COFFER_MODE_CBC, COFFER_JOB_RETURN, 64);
	EXPECT(, POLICY);
	end_session(rig, 0, 0);
	good.slot = open_key(rig, 0, random_bytes(16), COFFER_USE_CBC | COFFER_USE_DECRYPT);
	EXPECT(, OK);
	EXPECT(h.flags |= COFFER_JOB_ENCRYPT, POLICY);
	EXPECT(h.mode = COFFER_MODE_CTR, POLICY);
	EXPECT(h.mode = COFFER_MODE_ECB, POLICY);
	end_session(rig, 0, 0);
	attr rising = {.session = 0, .ctx = 0, .usage = DATA_USE, .rules = ALL_RULES, .dec_rising = true};
	good.slot = rig.key_slot(0, rising, random_bytes(16));
	good.crypt_blocks = 1;
	EXPECT(, OK);
	EXPECT(h.mode = COFFER_MODE_CTR, POLICY); // the history knows no gaps
	end_session(rig, 0, 0);

	rig.tag_key(random_bytes(16));
	session s = protected_session(rig, 0);
	rig.surfaces[2] = {true, 0, 0, s.slot >> 8, 1, 3, 1};
	bytes key = random_bytes(16), wrapped = aes_block(s.key, false, key), data = random_bytes(100);
	for (unsigned mode : {COFFER_MODE_ECB, COFFER_MODE_CTR, COFFER_MODE_CBC, COFFER_MODE_CTR}) {
		CHECK(load_key(rig, s, wrapped, 16, 0, mode).done.status == OK);
		for (unsigned use : {COFFER_MODE_ECB, COFFER_MODE_CTR, COFFER_MODE_CBC}) {
			coffer_job h = crypt(use, s.content, use, COFFER_JOB_DST_SURFACE, 96);
			h.dst_handle = COFFER_HANDLE(2, 1);
			memcpy(h.iv, data.data(), 16);
			answer a = rig.job(0, h, bytes(data.begin(), data.begin() + 96));
			CHECK(a.done.status == (use == mode ? OK : POLICY));
			position end;
			if (use == mode)
				CHECK(!memcmp(
					rig.memory + 3 * kPage,
					reference_job(h, key, {}, bytes(data.begin(), data.begin() + 96), &end).data(),
					96));
		}
	}
	good = crypt(1, s.content, COFFER_MODE_CBC, COFFER_JOB_RETURN, 96);
	CHECK(load_key(rig, s, wrapped, 16, 0, COFFER_MODE_CBC).done.status == OK);
	EXPECT(, POLICY); // protected plaintext stays on the board
	EXPECT(h.flags |= COFFER_JOB_ENCRYPT, POLICY);
	good.slot = s.slot; // a key that wraps does no CBC
	EXPECT((h.flags = COFFER_JOB_DST_SURFACE, h.dst_handle = COFFER_HANDLE(2, 1)), POLICY);
	for (unsigned mode : {0u, 4u, 255u}) // a key is for a mode
		CHECK(load_key(rig, s, wrapped, 16, 0, mode).done.status == COFFER_JOB_BAD_FIELD);
	for (unsigned mode : {COFFER_MODE_ECB, COFFER_MODE_CBC}) // a counter rule without a counter
		CHECK(load_key(rig, s, wrapped, 16, COFFER_CTR_REFUSE64, mode).done.status == COFFER_JOB_BAD_FIELD);
}

// Cycles a block within a long packet stream.
static void speed(Rig &rig)
{
	const struct {
		const char *name;
		unsigned mode, key, flags, crypt, skip, most;
	} rows[] = {
		{"CBC-128 decrypt", COFFER_MODE_CBC, 16, 0, 0, 0, 560},
		{"CBC-256 decrypt", COFFER_MODE_CBC, 32, 0, 0, 0, 564},
		{"CBC-128 encrypt", COFFER_MODE_CBC, 16, COFFER_JOB_ENCRYPT, 0, 0, 960},
		{"CBC-256 encrypt", COFFER_MODE_CBC, 32, COFFER_JOB_ENCRYPT, 0, 0, 1090},
		{"cbcs 1:9", COFFER_MODE_CBC, 16, COFFER_JOB_RESTART, 1, 9, 650},
		{"cens 1:9", COFFER_MODE_CTR, 16, 0, 1, 9, 540},
	};
	for (auto &r : rows) {
		uint32_t slot = open_key(rig, 0, random_bytes(r.key));
		coffer_job h = crypt(1, slot, r.mode, r.flags | COFFER_JOB_RETURN, 512 * 40);
		h.crypt_blocks = uint8_t(r.crypt);
		h.skip_blocks = uint8_t(r.skip);
		answer a = rig.job(0, h, random_bytes(h.length));
		CHECK(a.done.status == COFFER_JOB_OK);
		unsigned cycles = unsigned((a.done.last_cycle - a.done.first_cycle) / 40);
		printf("    %s: %u cycles a packet\n", r.name, cycles);
		CHECK(cycles <= r.most);
		end_session(rig, 0, 0);
	}
}

const std::vector<test> mode_tests = {
	{"cbc-vectors", cbc_vectors},
	{"schemes-random", schemes_random},
	{"schemes-cut-at-every-byte", cuts},
	{"schemes-side-by-side", side_by_side},
	{"patterns-bad", bad_patterns},
	{"cbc-usage", usage},
	{"modes-speed", speed},
};
