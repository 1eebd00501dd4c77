/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of names and texts: every code has its own, every other number an answer. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "coffer/coffer.h"

static void every_error_has_its_own(void **state)
{
	(void)state;
	for (int a = 0; a >= COFFER_E_IO; a--) {
		assert_string_not_equal(coffer_error_name(a), "COFFER_UNKNOWN");
		assert_true(strlen(coffer_error_text(a)) > 0);
		for (int b = 0; b > a; b--) {
			assert_string_not_equal(coffer_error_name(a), coffer_error_name(b));
			assert_string_not_equal(coffer_error_text(a), coffer_error_text(b));
		}
	}
	assert_string_equal(coffer_error_name(COFFER_E_REMOVED), "COFFER_E_REMOVED");
	assert_string_equal(coffer_error_name(COFFER_PENDING), "COFFER_PENDING");
}

static void every_status_has_its_own(void **state)
{
	(void)state;
	for (int a = 0; a <= COFFER_JOB_WRAPPED_KEY; a++) {
		assert_int_equal(strncmp(coffer_job_status_name(a), "COFFER_JOB_", 11), 0);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(coffer_job_status_text(a), coffer_job_status_text(b));
	}
}

static void other_numbers_are_unknown(void **state)
{
	const int others[] = {COFFER_E_IO - 1, 2, 1000, -1000, INT_MIN, INT_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_string_equal(coffer_error_name(others[i]), "COFFER_UNKNOWN");
	assert_string_equal(coffer_job_status_name(COFFER_JOB_WRAPPED_KEY + 1), "COFFER_UNKNOWN");
	assert_string_equal(coffer_job_status_name(-1), "COFFER_UNKNOWN");
	assert_string_equal(coffer_job_status_text(INT_MIN), coffer_error_text(INT_MIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_its_own),
		cmocka_unit_test(every_status_has_its_own),
		cmocka_unit_test(other_numbers_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
