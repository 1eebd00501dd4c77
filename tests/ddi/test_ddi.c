/* SPDX-License-Identifier: Apache-2.0 */
/* The DDI as a runtime sees it, against a board. An argument is a filter of tests (cmocka's), beside which those of the key
 * exchange are needed: '*' stands for any letters. */
#include "client.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_id_fills_its_table),
		cmocka_unit_test(ids_sizes_and_pointers_are_checked),
		cmocka_unit_test(what_is_not_supported_says_so),
		cmocka_unit_test(every_pair_agrees),
		cmocka_unit_test(create_answers_with_its_four_codes_only),
		cmocka_unit_test(slots_run_out_and_come_back),
		cmocka_unit_test(certificate_is_whole_or_zero),
		cmocka_unit_test(blits_before_the_key_exchange_do_nothing),
		cmocka_unit_test(key_exchange),
		cmocka_unit_test(key_exchange_in_another_thread),
		cmocka_unit_test(picture_goes_in_and_comes_out),
		cmocka_unit_test(patterns),
		cmocka_unit_test(misuse_changes_nothing_and_is_not_reported),
		cmocka_unit_test(shapes_have_to_agree),
		cmocka_unit_test(read_back_key_s_wrapped_form_is_no_content_key),
		cmocka_unit_test(read_back_ivs_rise),
		cmocka_unit_test(resources_refuse_nonsense),
		cmocka_unit_test(counts_go_on_from_buffer_to_buffer),
		cmocka_unit_test(ranges_that_overlap_are_refused),
		cmocka_unit_test(ranges_that_wrap_are_refused),
		cmocka_unit_test(refresh_takes_effect_at_its_finish),
		cmocka_unit_test(second_start_replaces_the_first),
		cmocka_unit_test(finish_without_start_does_nothing),
		cmocka_unit_test(wrapped_key_means_another_key_after_a_refresh),
		cmocka_unit_test(refresh_refuses_nonsense),
		cmocka_unit_test(every_bit_is_a_promise),
		cmocka_unit_test(hw_protection_packets_are_checked),
		cmocka_unit_test(hw_protection_sessions_decrypt_bitstreams),
		cmocka_unit_test(hw_protection_forbids_what_the_documents_say),
		cmocka_unit_test(cenc_bitstreams),
		cmocka_unit_test(cbcs_bitstreams),
		cmocka_unit_test(frame_keeps_its_key),
		cmocka_unit_test(content_key_serves_each_use_in_turn),
		cmocka_unit_test(decoders_refuse_nonsense),
		cmocka_unit_test(frames_have_an_order),
		cmocka_unit_test(bad_buffers_are_refused_before_the_first),
		cmocka_unit_test(decoders_end_with_what_they_are_bound_to),
		cmocka_unit_test(channels_are_hardware_and_one_a_device),
		cmocka_unit_test(channel_key_exchange),
		cmocka_unit_test(numbers_rise_from_their_start),
		cmocka_unit_test(answers_find_their_questions),
		cmocka_unit_test(queries_are_answered_truthfully),
		cmocka_unit_test(sessions_are_bound_to_decoders),
		cmocka_unit_test(sizes_of_messages_are_exact),
		cmocka_unit_test(unknown_types_fail),
		cmocka_unit_test(statuses_are_the_boards),
		cmocka_unit_test(handles_name_sessions_and_decoders),
		cmocka_unit_test(sessions_of_others_are_refused_everywhere),
		cmocka_unit_test(stale_sessions_are_refused_everywhere),
		cmocka_unit_test(missing_pointers_are_refused_everywhere),
		cmocka_unit_test(void_entries_tell_when_memory_is_short),
		cmocka_unit_test(entries_with_a_result_say_when_memory_is_short),
		cmocka_unit_test(channels_say_when_memory_is_short),
		/* From here on the session is lent, and no key counts as loaded. */
		cmocka_unit_test(lent_session_s_keys_are_loaded_anew),
		cmocka_unit_test(jobs_before_a_finish_keep_the_old_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
