// SPDX-License-Identifier: Apache-2.0
//
// The SoC alone, with tests/soc/program.c on its CPU and this bench in the place of every block around it. The program
// reports steps through EP0_CTRL; here is what each must say.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "Vsoc.h"
#include "spi_flash.h"
#include "verilated.h"

namespace {

int failures;

void check(bool good, const std::string &what)
{
	if (!good) {
		failures++;
		printf("FAIL %s\n", what.c_str());
	}
}

class Bench {
public:
	Bench()
	{
		std::string secret = "+device_secret=a5" + std::string(60, '0') + "5a";
		const char *arguments[] = {"bench", "+firmware=build/tests/soc.hex", secret.c_str()};

		context.commandArgs(3, arguments);
		flash.load("build/tests/soc-flash.bin");
		top.rst_ni = 0;
		for (int i = 0; i < 4; i++)
			cycle();
		top.rst_ni = 1;
	}

	void cycle()
	{
		top.clk_i = 1;
		top.eval();
		outputs();
		top.clk_i = 0;
		top.eval();
		cycles++;
	}

	VerilatedContext context;
	Vsoc top{&context};
	coffer::SpiFlash flash;
	uint64_t cycles = 0;
	std::map<unsigned, unsigned> steps;
	unsigned last_step = 0;
	unsigned secret_words = 0;
	unsigned idle_cycles = 0, longest_idle = 0;
	unsigned chip_selects = 0;

private:
	uint32_t buffer[256] = {};
	uint32_t pke_word = 0;
	unsigned pke_wait = 0;
	unsigned revoke_in = 0;
	bool secret_before = false, selected = false;

	// What the blocks do with the outputs of this cycle, seen by the SoC at the next edge.
	void outputs()
	{
		if (!top.rst_ni)
			return;
		if (top.ep0_cmd_we_o) {
			last_step = top.ep0_cmd_tag_o;
			steps[last_step] = top.ep0_cmd_len_o;
			if (last_step == 14 || last_step == 19)
				revoke_in = 200;
			if (last_step == 25)
				revoke_in = 2000;
		}
		top.revoke_ctx_i = revoke_in == 1 ? 4 : 0;
		if (revoke_in)
			revoke_in--;
		endpoint_buffer();
		engine();
		secrets();
		top.spi_miso_i = flash.cycle(top.spi_cs_no, top.spi_sck_o, top.spi_mosi_o);
		chip_selects += !top.spi_cs_no && !selected;
		selected = !top.spi_cs_no;
		idle_cycles = top.idle_o ? idle_cycles + 1 : 0;
		longest_idle = std::max(longest_idle, idle_cycles);
	}

	void endpoint_buffer()
	{
		if (!top.ep0_buf_en_o)
			return;
		uint32_t &word = buffer[top.ep0_buf_addr_o];
		for (int b = 0; b < 4; b++)
			if (top.ep0_buf_we_o >> b & 1)
				word = (word & ~(0xFFu << 8 * b)) | (top.ep0_buf_wdata_o & 0xFFu << 8 * b);
		top.ep0_buf_rdata_i = word;
	}

	void engine()
	{
		top.pke_ack_i = 0;
		if (!top.pke_req_o) {
			pke_wait = 0;
		} else if (++pke_wait == 20) {
			check(top.pke_addr_o == 0x3FFF, "address of the public-key engine");
			if (top.pke_we_o)
				pke_word = top.pke_wdata_o;
			top.pke_rdata_i = pke_word;
			top.pke_ack_i = 1;
		}
	}

	// A secret word is on its port in the cycle of its strobe, and gone in the next.
	void secrets()
	{
		bool strobe = top.vault_key_we_o || top.vault_pool_we_o || top.vault_tag_key_we_o;

		if (strobe) {
			secret_words++;
			uint32_t word = top.vault_key_we_o    ? top.vault_key_word_o
					: top.vault_pool_we_o ? top.vault_pool_word_o
							      : top.vault_tag_key_word_o;
			check(word == 0xDEADBEEF, "secret word with its strobe");
		}
		if (secret_before)
			check(top.vault_key_word_o == 0 && top.vault_pool_word_o == 0 && top.vault_tag_key_word_o == 0,
			      "secret word stayed in its register");
		secret_before = strobe;
	}
};

} // namespace

int main()
{
	static const std::map<unsigned, unsigned> expected = {
		{1, 0xC0FE & 0x7FF},
		{2, 0},
		{3, 1},
		{4, 0xCAFF & 0x7FF},
		{5, 0xA5},
		{6, 0x5A},
		{7, 0},
		{8, 0x100},
		{9, 0x504},
		{10, 0x504},
		{11, 0x108},
		{12, 0x10},
		{13, 1},
		{15, 0x08},
		{16, 0},
		{17, 1},
		{18, 0},
		{20, 11},
		{21, 1},
		{22, 2},
		{23, 4},
		{24, 1},
		{25, 0},
		{26, 0},
		{30, 0},
		{32, 0},
	};
	Bench b;

	while (b.last_step != 26 && b.cycles < 60'000'000)
		b.cycle();
	for (int i = 0; i < 5000; i++)
		b.cycle();
	for (auto [step, value] : expected) {
		bool seen = b.steps.count(step) != 0;
		check(seen && b.steps[step] == value, "step " + std::to_string(step) + ": " +
							      (seen ? std::to_string(b.steps[step]) : "nothing") +
							      " instead of " + std::to_string(value));
	}
	check(b.last_step == 26, "an access to nobody's address stops the CPU");
	check(b.longest_idle >= 1000 && b.longest_idle < 2500,
	      "idle in WAIT, but not with a timer armed: " + std::to_string(b.longest_idle));
	check(b.secret_words == 3, "three secret words");
	check(b.chip_selects == 3, "flash selected " + std::to_string(b.chip_selects) + " times instead of 3");
	printf("an OAEP block is decoded in %u thousand cycles\n", b.steps[31] * 1024 / 1000);
	b.top.final();
	printf(failures ? "%d checks failed\n" : "ok\n", failures);
	return failures != 0;
}
