// SPDX-License-Identifier: Apache-2.0

#include "board_model.h"

#include <cstdio>
#include <stdexcept>
#include <vector>

#include "Vcoffer_top.h"
#include "spi_flash.h"
#include "ulpi_phy.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif
#include "verilated_sym_props.h"
#include "verilated_syms.h"

// Where an assertion of the RTL fails, this board ends, and not the program (VL_USER_STOP, VL_USER_FATAL).
void vl_stop(const char *file, int line, const char *)
{
	throw std::runtime_error("an assertion failed at " + std::string(file) + ":" + std::to_string(line));
}

void vl_fatal(const char *file, int line, const char *, const char *message)
{
	throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + message);
}

namespace coffer {

namespace {

class VerilatedBoard final : public BoardModel {
public:
	explicit VerilatedBoard(const ModelConfig &config);
	~VerilatedBoard() override;

	uint64_t cycles() const override { return phy_.cycles(); }
	bool attached() const override { return phy_.attached(); }
	usb::Result transaction(usb::Transaction &t) override { return phy_.transaction(t); }
	void sof(uint16_t frame) override { phy_.sof(frame); }
	usb::Speed reset() override { return phy_.reset(); }
	bool take_activity() override { return std::exchange(active_, false); }
	std::string peek(const std::string &name, size_t index) override;

	void run_until(uint64_t cycle) override
	{
		while (phy_.cycles() < cycle)
			phy_.cycle();
	}

private:
	static constexpr unsigned ResetCycles = 16;

	void after_cycle();
#if VM_TRACE
	void trace();
#endif

	VerilatedContext context_;
	std::unique_ptr<Vcoffer_top> top_;
	usb::UlpiPhy<Vcoffer_top> phy_;
	SpiFlash flash_;
	bool active_ = false;
#if VM_TRACE
	std::optional<TraceWindow> window_;
	std::unique_ptr<VerilatedFstC> trace_;
#endif
};

std::unique_ptr<Vcoffer_top> make_top(VerilatedContext &context, const ModelConfig &config)
{
	std::vector<std::string> arguments{"coffer-board", "+seed=" + std::to_string(config.seed)};
	std::vector<const char *> pointers;

	if (!config.device_secret.empty())
		arguments.push_back("+device_secret=" + config.device_secret);
	if (!config.firmware.empty())
		arguments.push_back("+firmware=" + config.firmware);
	for (const auto &each : arguments)
		pointers.push_back(each.c_str());
	context.commandArgs(static_cast<int>(pointers.size()), pointers.data());
#if VM_TRACE
	context.traceEverOn(config.trace.has_value());
#endif
	Verilated::threadContextp(&context);
	return std::make_unique<Vcoffer_top>(&context, "TOP");
}

VerilatedBoard::VerilatedBoard(const ModelConfig &config) : top_(make_top(context_, config)), phy_(*top_)
{
#if VM_TRACE
	window_ = config.trace;
#endif
	if (!config.flash.empty())
		flash_.load(config.flash);
	phy_.on_cycle = [this] { after_cycle(); };
	top_->rst_ni = 0;
	top_->spi_miso_i = 1;
	phy_.run(ResetCycles);
	top_->rst_ni = 1;
}

VerilatedBoard::~VerilatedBoard()
{
#if VM_TRACE
	if (trace_)
		trace_->close();
#endif
	top_->final();
}

void VerilatedBoard::after_cycle()
{
	top_->spi_miso_i = flash_.cycle(top_->spi_cs_no, top_->spi_sck_o, top_->spi_mosi_o);
	active_ |= top_->led_active_o && !phy_.busy();
#if VM_TRACE
	if (window_)
		trace();
#endif
}

#if VM_TRACE
void VerilatedBoard::trace()
{
	uint64_t now = phy_.cycles();

	if (now < window_->from)
		return;
	if (now >= window_->to) {
		if (trace_)
			trace_->close();
		trace_.reset();
		window_.reset();
		return;
	}
	if (!trace_) {
		trace_ = std::make_unique<VerilatedFstC>();
		top_->trace(trace_.get(), 99);
		trace_->open(window_->file.c_str());
		if (!trace_->isOpen())
			throw std::runtime_error(window_->file + ": cannot be written");
	}
	trace_->dump(now);
}
#endif

std::string VerilatedBoard::peek(const std::string &name, size_t index)
{
	size_t dot = name.rfind('.');
	std::string scope_name = "TOP." + name.substr(0, dot == std::string::npos ? 0 : dot);
	const VerilatedScope *scope = context_.scopeFind(scope_name.c_str());
	VerilatedVar *var = scope ? scope->varFind(name.c_str() + dot + 1) : nullptr;

	if (!var)
		throw std::runtime_error(name + ": not visible in this build");
	size_t words = var->udims() > 0 ? static_cast<size_t>(var->elements(1)) : 1;
	if (index >= words)
		throw std::runtime_error(name + ": has " + std::to_string(words) + " words");
	size_t bytes = var->totalSize() / words;
	const auto *data = static_cast<const uint8_t *>(var->datap()) + index * bytes;
	std::string hex;
	char digits[3];
	for (size_t at = bytes; at-- > 0;) {
		snprintf(digits, sizeof digits, "%02x", data[at]);
		hex += digits;
	}
	return hex;
}

} // namespace

std::unique_ptr<BoardModel> make_board_model(const ModelConfig &config)
{
	return std::make_unique<VerilatedBoard>(config);
}

} // namespace coffer
