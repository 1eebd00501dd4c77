/* SPDX-License-Identifier: Apache-2.0 */
/* Tries a driver of the crypto-session DDI against the rules, and the rules against mutants of that driver. */
#include "suite.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MOST_RULES 256u
#define LENGTH     200u

static const struct rules *const groups[] = {
	&table_rules,   &capability_rules, &session_rules, &binding_rules, &key_rules,      &blit_rules,
	&pattern_rules, &refresh_rules,    &channel_rules, &message_rules, &standing_rules, &lost_rules,
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))
static const struct mutants *const herds[] = {
	&table_mutants,   &session_mutants, &key_mutants,      &blit_mutants, &refresh_mutants,
	&channel_mutants, &message_mutants, &standing_mutants, &lost_mutants,
};
#define HERDS (sizeof(herds) / sizeof(herds[0]))

enum outcome { NOT_RUN, PASS, FAIL, NOT_APPLICABLE };

static struct state {
	const struct rule *rule;
	bool is_standing, is_wanted;
	enum outcome outcome; /* of the driver as it is */
	char why[LENGTH];
	char violation[LENGTH]; /* "" if there is none */
} states[MOST_RULES];
static size_t rules;
static unsigned int mutants_caught, mutants_survived, mutants_idle; /* idle: on the rule at hand, not applicable */
static bool with_mutants;

/* ---- verdicts ------------------------------------------------------------------------------------------------------ */

static struct {
	enum outcome outcome;
	char why[LENGTH];
} verdict;

void failed(const char *format, ...)
{
	va_list arguments;

	if (verdict.outcome == FAIL)
		return;
	verdict.outcome = FAIL;
	va_start(arguments, format);
	vsnprintf(verdict.why, sizeof(verdict.why), format, arguments);
	va_end(arguments);
}

void not_applicable(const char *why)
{
	verdict.outcome = NOT_APPLICABLE;
	snprintf(verdict.why, sizeof(verdict.why), "%s", why);
}

static struct state *find(const char *name)
{
	for (size_t i = 0; i < rules; i++)
		if (!strcmp(states[i].rule->name, name))
			return &states[i];
	return NULL;
}

void violated(const char *rule, const char *format, ...)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct state *state = find(rule);
	va_list arguments;

	pthread_mutex_lock(&lock);
	if (state && !state->violation[0]) {
		va_start(arguments, format);
		vsnprintf(state->violation, sizeof(state->violation), format, arguments);
		va_end(arguments);
	}
	pthread_mutex_unlock(&lock);
}

/* One rule, against whatever driver is in use. */
static void run(const struct state *state)
{
	verdict.outcome = PASS;
	verdict.why[0] = 0;
	a.reports = b.reports = 0;
	state->rule->check();
	runtime_check_memory();
	if (state->violation[0] && verdict.outcome != FAIL) {
		verdict.outcome = PASS;
		failed("%s", state->violation);
	}
}

/* ---- mutants -------------------------------------------------------------------------------------------------------- */

static const struct mutant *mutant;
static struct runtime_driver broken;

static size_t slots_of(UINT32 id)
{
	for (size_t i = 0; i < TABLES; i++)
		if (a.tables[i].id == id)
			return a.tables[i].slots;
	return 0;
}

static HRESULT APIENTRY broken_retrieve(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input, SIZE_T out,
					void *output)
{
	HRESULT result = sound->retrieve_sub_object(device, id, in, input, out, output);
	entry *table = input ? (entry *)((D3D11_1DDI_VIDEO_INPUT *)input)->p11VideoDeviceFuncs : NULL;

	if (result != S_OK)
		return result;
	for (size_t i = 0; i < sizeof(mutant->slots) / sizeof(mutant->slots[0]); i++) {
		const size_t slot = mutant->slots[i].slot / sizeof(entry);

		if (mutant->slots[i].with && slot < slots_of(id) &&
		    (slot != SLOT(pfnNegotiateCryptoSessionKeyExchange) / sizeof(entry) ||
		     id != D3DWDDM2_4DDI_VIDEO_FUNCTIONS))
			table[slot] = mutant->slots[i].with;
	}
	if (mutant->with_flags && id == D3DWDDM2_4DDI_VIDEO_FUNCTIONS)
		table[SLOT(pfnNegotiateCryptoSessionKeyExchange) / sizeof(entry)] = mutant->with_flags;
	return S_OK;
}

static void clear_violations(void)
{
	for (size_t i = 0; i < rules; i++)
		states[i].violation[0] = 0;
}

static void print_others(const struct state *but)
{
	const char *word = " (and breaks ";

	for (size_t i = 0; i < rules; i++)
		if (states[i].violation[0] && &states[i] != but) {
			printf("%s%s", word, states[i].rule->name);
			word = ", ";
		}
	puts(*word == ',' ? ")" : "");
}

static void use_mutant(const struct mutant *which)
{
	mutant = which;
	broken = *sound;
	broken.retrieve_sub_object = broken_retrieve;
	if (mutant->driver)
		mutant->driver(&broken);
	suite_use(&broken);
}

/* The sound driver's violations are put aside meanwhile. */
static void try_mutant(struct state *state, const struct mutant *which, bool may_change_key)
{
	static char before[MOST_RULES][LENGTH];

	for (size_t i = 0; i < rules; i++)
		memcpy(before[i], states[i].violation, LENGTH);
	clear_violations();
	use_mutant(which);
	run(state);
	if (verdict.outcome == NOT_APPLICABLE) {
		printf("not applicable  %s / %s: %s\n", mutant->rule, mutant->name, verdict.why);
		mutants_idle++;
	} else {
		const bool is_caught = verdict.outcome == FAIL;

		printf("%s  %s / %s: %s", is_caught ? "caught        " : "SURVIVED      ", mutant->rule, mutant->name,
		       is_caught ? verdict.why : mutant->text);
		print_others(state);
		mutants_caught += is_caught;
		mutants_survived += !is_caught;
	}
	fflush(stdout);
	if (mutant->undo)
		mutant->undo();
	suite_use(sound);
	runtime_check_memory();
	if (may_change_key)
		(void)suite_restore(); /* what it cannot restore the rule on the sound driver will miss */
	else
		suite_sweep();
	for (size_t i = 0; i < rules; i++)
		memcpy(states[i].violation, before[i], LENGTH);
}

/* ---- rules ------------------------------------------------------------------------------------------------------------ */

static void print(const struct state *state)
{
	static const char *const words[] = {"not run       ", "pass          ", "FAIL          ", "not applicable"};

	printf("%s  %s%s%s\n", words[state->outcome], state->rule->name, state->why[0] ? ": " : "", state->why);
	fflush(stdout);
}

/* Its mutants come first: that the driver itself passes then shows that it was they who failed. */
static void try_rule(struct state *state)
{
	mutants_idle = 0;
	for (size_t h = 0; h < HERDS && with_mutants; h++)
		for (size_t i = 0; i < herds[h]->count; i++)
			if (!strcmp(herds[h]->list[i].rule, state->rule->name))
				try_mutant(state, &herds[h]->list[i],
					   herds[h] == &key_mutants || herds[h] == &refresh_mutants);
	run(state);
	state->outcome = verdict.outcome;
	memcpy(state->why, verdict.why, LENGTH);
	if (state->outcome != NOT_APPLICABLE) /* a fault may not hide its rule */
		mutants_survived += mutants_idle;
	if (state->outcome == FAIL)
		(void)suite_restore();
	else
		suite_sweep();
	if (!state->is_standing)
		print(state);
}

static int finish(void)
{
	unsigned int count[4] = {0};

	for (size_t i = 0; i < rules; i++) {
		if (!states[i].is_wanted)
			continue;
		if (states[i].violation[0] && states[i].outcome != FAIL) {
			states[i].outcome = FAIL;
			memcpy(states[i].why, states[i].violation, LENGTH);
			if (!states[i].is_standing)
				print(&states[i]);
		}
		if (states[i].is_standing)
			print(&states[i]);
		count[states[i].outcome]++;
	}
	printf("%s: %u rules pass, %u fail, %u are not applicable\n", sound->name, count[PASS], count[FAIL],
	       count[NOT_APPLICABLE]);
	if (with_mutants)
		printf("%u mutants were caught, %u survived\n", mutants_caught, mutants_survived);
	return count[FAIL] || mutants_survived ? 1 : 0;
}

static void gather(void)
{
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t i = 0; i < groups[g]->count; i++)
			states[rules++] = (struct state){.rule = &groups[g]->list[i],
							 .is_standing = groups[g] == &standing_rules,
							 .is_wanted = true};
}

static const struct mutant *find_mutant(const char *name)
{
	for (size_t h = 0; h < HERDS; h++)
		for (size_t i = 0; i < herds[h]->count; i++)
			if (!strcmp(herds[h]->list[i].name, name))
				return &herds[h]->list[i];
	fprintf(stderr, "there is no mutant %s: see --list\n", name);
	return NULL;
}

/* A rule that no mutant breaks has not been shown to find anything. */
static bool is_complete(void)
{
	bool is_good = true;

	for (size_t r = 0; r < rules; r++) {
		bool has_mutant = false;

		for (size_t h = 0; h < HERDS; h++)
			for (size_t i = 0; i < herds[h]->count; i++)
				has_mutant = has_mutant || !strcmp(herds[h]->list[i].rule, states[r].rule->name);
		if (!has_mutant)
			fprintf(stderr, "rule without a mutant: %s\n", states[r].rule->name);
		if (find(states[r].rule->name) != &states[r])
			fprintf(stderr, "two rules of one name: %s\n", states[r].rule->name);
		is_good = is_good && has_mutant && find(states[r].rule->name) == &states[r];
	}
	for (size_t h = 0; h < HERDS; h++)
		for (size_t i = 0; i < herds[h]->count; i++)
			if (!find(herds[h]->list[i].rule) ||
			    find_mutant(herds[h]->list[i].name) != &herds[h]->list[i]) {
				fprintf(stderr, "mutant without a rule, or of another's name: %s\n",
					herds[h]->list[i].name);
				is_good = false;
			}
	return is_good;
}

static void list(void)
{
	for (size_t r = 0; r < rules; r++) {
		printf("%s: %s [%s]\n", states[r].rule->name, states[r].rule->text, states[r].rule->document);
		for (size_t h = 0; h < HERDS; h++)
			for (size_t i = 0; i < herds[h]->count; i++)
				if (!strcmp(herds[h]->list[i].rule, states[r].rule->name))
					printf("\tmutant %s: %s\n", herds[h]->list[i].name, herds[h]->list[i].text);
	}
}

/* ---- the program -------------------------------------------------------------------------------------------------------- */

static const char usage[] =
	"usage: runtime [--mutants | --break MUTANT] [--rule NAME]... [--seed N] DRIVER\n"
	"       runtime --list\n"
	"\n"
	"Drives a Direct3D 11.1 crypto-session driver as Windows' runtime does, and tells which rules of the interface it\n"
	"keeps, one line a rule: pass, FAIL, or not applicable. DRIVER is a shared object with the function of\n"
	"tests/runtime/driver.h.\n"
	"\n"
	"  --mutants    first break the driver in each of the known ways, and demand that the rule in question fails\n"
	"  --break MUTANT\n"
	"               try the driver with that mutant's fault, to see all rules that it breaks\n"
	"  --rule NAME  only this rule (may be given several times)\n"
	"  --seed N     of keys and pictures; without it they differ from run to run, and the seed is printed\n"
	"  --list       print the rules, where each comes from, and its mutants\n"
	"\n"
	"Exit status: 0 all is well; 1 a rule failed or a mutant survived; 2 the driver cannot be tried, or the rules\n"
	"themselves are not complete.\n";

static bool want_only(const char *name)
{
	static bool is_first = true;
	struct state *state = find(name);

	for (size_t i = 0; i < rules && is_first; i++)
		states[i].is_wanted = false;
	is_first = false;
	if (state)
		state->is_wanted = true;
	else
		fprintf(stderr, "there is no rule %s: see --list\n", name);
	return state;
}

static const struct runtime_driver *load(const char *path)
{
	const struct runtime_driver *(*function)(void) = NULL;
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL), *symbol = object ? dlsym(object, "runtime_driver") : NULL;

	if (!symbol) {
		fprintf(stderr, "%s is no driver: %s\n", path, dlerror());
		return NULL;
	}
	memcpy(&function, &symbol, sizeof(function));
	return function();
}

static int try_all(const struct runtime_driver *driver, const struct mutant *fault)
{
	if (!suite_set_up(driver)) {
		fprintf(stderr, "%s does not open two devices\n", driver->name);
		return 2;
	}
	if (fault)
		use_mutant(fault);
	for (size_t i = 0; i < rules; i++)
		if (states[i].is_wanted)
			try_rule(&states[i]);
	suite_tear_down();
	if (fault && fault->undo)
		fault->undo();
	runtime_check_memory();
	return finish();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"mutants", no_argument, NULL, 'm'},
						{"break", required_argument, NULL, 'b'},
						{"rule", required_argument, NULL, 'r'},
						{"seed", required_argument, NULL, 's'},
						{"list", no_argument, NULL, 'l'},
						{"help", no_argument, NULL, 'h'},
						{0}};
	const struct runtime_driver *driver;
	const struct mutant *fault = NULL;
	uint64_t seed;
	int option;

	gather();
	if (!is_complete() || getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return 2;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'm')
			with_mutants = true;
		else if (option == 'b' && !(fault = find_mutant(optarg)))
			return 2;
		else if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'r' && !want_only(optarg))
			return 2;
		else if (option == 'l')
			return list(), 0;
		else if (option == 'h')
			return fputs(usage, stdout), 0;
		else if (option == '?')
			return fputs(usage, stderr), 2;
	}
	if (optind != argc - 1 || (with_mutants && fault))
		return fputs(usage, stderr), 2;
	printf("seed %" PRIu64 "\n", seed);
	fflush(stdout);
	seed_random(seed);
	driver = load(argv[optind]);
	return driver ? try_all(driver, fault) : 2;
}
