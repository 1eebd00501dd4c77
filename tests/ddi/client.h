/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the DDI share: two devices, which are two contexts of one board, and a session of the first, which is
 * negotiated once, since a key exchange takes seconds of simulation. COFFER_ROOT names the board's root. The tests run in
 * the order of test_ddi.c.
 */
#ifndef COFFER_TESTS_DDI_CLIENT_H
#define COFFER_TESTS_DDI_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "coffer/d3d11ddi.h"
#include "coffer/trust.h"

#define WIDTH   64u
#define HEIGHT  48u
#define BYTES   (WIDTH * HEIGHT)
#define GARBAGE 0xA5

#define AES_DECRYPT 0
#define AES_ENCRYPT 1

struct client {
	D3D10DDI_HDEVICE device;
	D3D11_1DDI_VIDEODEVICEFUNCS f;
	D3DWDDM2_0DDI_VIDEODEVICEFUNCS f20;
	D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 rs4;
	D3DWDDM2_4DDI_VIDEODEVICEFUNCS f24;
	unsigned int reports; /* calls of pfnSetErrorCb */
	HRESULT last_report;
};

extern struct client a, b;
extern D3D11_1DDI_HCRYPTOSESSION session; /* of a; negotiated by key_exchange */
extern D3D11_1DDI_HCRYPTOSESSION foreign; /* of b, never negotiated */
extern D3D10DDI_HRESOURCE staging, protected_surface;
extern uint8_t session_key[16]; /* that session's */
extern coffer_public_key *board_key;
extern const D3D11_1DDIARG_CREATECRYPTOSESSION *good_create;

int set_up(void **state);
int tear_down(void **state);

HRESULT retrieve(struct client *c, UINT32 id, void *table);

/* Memory of the caller's, with anything in it. */
void *garbage(size_t size);
bool all_are(const void *memory, uint8_t value, size_t size);

D3D11_1DDI_HCRYPTOSESSION new_session_memory(struct client *c);
HRESULT create_session(struct client *c, D3D11_1DDI_HCRYPTOSESSION *s);
D3D10DDI_HRESOURCE create_shape(struct client *c, COFFER_DDI_RESOURCE_KIND kind, D3D11_1DDI_HCRYPTOSESSION s,
				UINT width, UINT height);
D3D10DDI_HRESOURCE create_resource(struct client *c, COFFER_DDI_RESOURCE_KIND kind, D3D11_1DDI_HCRYPTOSESSION s);
void destroy_resource(struct client *c, D3D10DDI_HRESOURCE r);
uint8_t *bytes_of(struct client *c, D3D10DDI_HRESOURCE r);

void aes_ecb(const uint8_t key[16], int mode, const uint8_t in[16], uint8_t out[16]);
/* Counter mode, from byte `skip` of the keystream on. */
void aes_ctr(const uint8_t key[16], const uint8_t iv[16], size_t skip, const uint8_t *in, uint8_t *out, size_t size);
/* Above every one before. */
void fresh_iv(uint8_t iv[16]);
void random_picture(uint8_t picture[BYTES]);
/* What a protected resource of the session holds, by an encrypted read-back under a new key. */
void read_back_of(D3D10DDI_HRESOURCE source, D3D10DDI_HRESOURCE target, uint8_t *picture, size_t size);
void read_back(uint8_t picture[BYTES]); /* of protected_surface */
/* Into protected_surface, under a content key or (NULL) the session key. */
void decrypt_under(const uint8_t *content_key, const uint8_t *picture, const uint8_t iv[16]);

/* decoder.c: a decoder of the session, a frame under a content key, a buffer of the bitstream in it. */
typedef D3DWDDM2_0DDI_VIDEO_DECODER_SUB_SAMPLE_MAPPING_BLOCK subsample;
HRESULT create_decoder(D3D10DDI_HRESOURCE bitstream, const GUID *encryption, D3D11_1DDI_HDECODE *decoder);
void destroy_decoder(D3D11_1DDI_HDECODE decoder);
HRESULT begin_frame(D3D11_1DDI_HDECODE decoder, const uint8_t content_key[16]);
D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC buffer_of(D3D10DDI_HRESOURCE source, UINT bytes, uint8_t *iv, UINT iv_bytes,
						  subsample *subsamples, UINT count);

/* tables.c */
void each_id_fills_its_table(void **state);
void ids_sizes_and_pointers_are_checked(void **state);
void what_is_not_supported_says_so(void **state);

/* capabilities.c */
void every_pair_agrees(void **state);
void every_bit_is_a_promise(void **state);

/* sessions.c */
void create_answers_with_its_four_codes_only(void **state);
void slots_run_out_and_come_back(void **state);
void certificate_is_whole_or_zero(void **state);
void blits_before_the_key_exchange_do_nothing(void **state);
void key_exchange(void **state);
void key_exchange_in_another_thread(void **state);

/* blits.c */
void picture_goes_in_and_comes_out(void **state);
void patterns(void **state);
void misuse_changes_nothing_and_is_not_reported(void **state);
void shapes_have_to_agree(void **state);
void read_back_key_s_wrapped_form_is_no_content_key(void **state);
void read_back_ivs_rise(void **state);
void resources_refuse_nonsense(void **state);

/* counters.c */
void counts_go_on_from_buffer_to_buffer(void **state);
void ranges_that_overlap_are_refused(void **state);
void ranges_that_wrap_are_refused(void **state);

/* refresh.c */
void refresh_takes_effect_at_its_finish(void **state);
void second_start_replaces_the_first(void **state);
void finish_without_start_does_nothing(void **state);
void wrapped_key_means_another_key_after_a_refresh(void **state);
void refresh_refuses_nonsense(void **state);
void jobs_before_a_finish_keep_the_old_key(void **state);

/* decoder.c */
void cenc_bitstreams(void **state);
void cbcs_bitstreams(void **state);
void frame_keeps_its_key(void **state);
void content_key_serves_each_use_in_turn(void **state);
void lent_session_s_keys_are_loaded_anew(void **state);

/* frames.c */
void decoders_refuse_nonsense(void **state);
void frames_have_an_order(void **state);
void bad_buffers_are_refused_before_the_first(void **state);
void decoders_end_with_what_they_are_bound_to(void **state);

/* channel.c */
void channels_are_hardware_and_one_a_device(void **state);
void channel_key_exchange(void **state);
void numbers_rise_from_their_start(void **state);
void answers_find_their_questions(void **state);

/* channel_messages.c */
void queries_are_answered_truthfully(void **state);
void sessions_are_bound_to_decoders(void **state);
void sizes_of_messages_are_exact(void **state);
void unknown_types_fail(void **state);

/* misuse.c */
void statuses_are_the_boards(void **state);
void handles_name_sessions_and_decoders(void **state);
void sessions_of_others_are_refused_everywhere(void **state);
void stale_sessions_are_refused_everywhere(void **state);
void missing_pointers_are_refused_everywhere(void **state);

/* hw_protection.c */
void hw_protection_packets_are_checked(void **state);
void hw_protection_sessions_decrypt_bitstreams(void **state);
void hw_protection_forbids_what_the_documents_say(void **state);

/* memory.c */
void void_entries_tell_when_memory_is_short(void **state);
void entries_with_a_result_say_when_memory_is_short(void **state);
void channels_say_when_memory_is_short(void **state);

#endif
