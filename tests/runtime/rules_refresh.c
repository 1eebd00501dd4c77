/* SPDX-License-Identifier: Apache-2.0 */
/* Refresh of the session key. */
#include "suite.h"

#include <string.h>

#define NEEDS_REFRESH                                                                                                  \
	NEEDS_BLITS;                                                                                                   \
	NEEDS_CAPS(CAP(FRESHEN_SESSION_KEY))

static bool start(void)
{
	uint8_t random[16];

	memset(random, GARBAGE, sizeof(random));
	TELL(&a, pfnStartSessionKeyRefresh, s.session, sizeof(random), random);
	if (all_are(random, GARBAGE, sizeof(random)) || all_are(random, 0, sizeof(random))) {
		failed("Start gives no random number");
		return false;
	}
	memcpy(s.random, random, sizeof(random));
	return true;
}

static void finish(void)
{
	TELL(&a, pfnFinishSessionKeyRefresh, s.session);
	for (int i = 0; i < 16; i++)
		s.key[i] ^= s.random[i];
	memset(s.random, 0, sizeof(s.random));
}

static void start_gives_a_number(void)
{
	uint8_t random[16], earlier[16];

	NEEDS_REFRESH;
	if (!start())
		return;
	memcpy(earlier, s.random, sizeof(earlier));
	if (!start())
		return;
	DEMAND(memcmp(earlier, s.random, sizeof(earlier)) != 0, "Start gives the same number again");
	for (UINT bytes = 0; bytes < 16; bytes += 15) {
		memset(random, GARBAGE, sizeof(random));
		TELL(&a, pfnStartSessionKeyRefresh, s.session, bytes, random);
		DEMAND(all_are(random, 0, bytes) && all_are(random + bytes, GARBAGE, sizeof(random) - bytes),
		       "a number of %u bytes is neither zero nor of its size", bytes);
	}
}

static void start_changes_nothing(void)
{
	uint8_t picture[BYTES];

	NEEDS_REFRESH;
	if (start())
		(void)put(picture, "after Start, before Finish, the key is another one");
}

static void finish_changes_the_key(void)
{
	uint8_t picture[BYTES], before[BYTES], seen[BYTES];

	NEEDS_REFRESH;
	if (!put(before, GOES_IN) || !start())
		return;
	finish();
	DEMAND(see(seen), "after Finish there is nothing to be seen");
	DEMAND(!memcmp(seen, before, BYTES),
	       "after Finish the key is not the XOR, or what was decrypted before has changed");
	(void)put(picture, "after Finish the key is not the old one XOR the number");
}

static void finish_alone_does_nothing(void)
{
	uint8_t picture[BYTES];

	NEEDS_REFRESH;
	if (!start())
		return;
	finish();
	TELL(&a, pfnFinishSessionKeyRefresh, s.session);
	(void)put(picture, "after a second Finish the key is another one");
	DEMAND(!a.reports, "a Finish without its Start is reported");
}

static void second_start_replaces(void)
{
	uint8_t picture[BYTES];

	NEEDS_REFRESH;
	if (!start() || !start())
		return;
	finish();
	(void)put(picture, "after two Starts the key is not that of the second");
}

static void wrapped_keys_are_of_the_new_key(void)
{
	uint8_t picture[BYTES], seen[BYTES], content[16], wrapped[16], iv[16], stream[BYTES];

	NEEDS_REFRESH;
	NEEDS_CAPS(CAP(CONTENT_KEY));
	random_bytes(content, sizeof(content));
	random_bytes(picture, BYTES);
	fresh_iv(iv);
	decrypt_picture(picture, content, iv); /* the driver knows a content key of the old session key */
	if (!start())
		return;
	finish();
	random_bytes(content, sizeof(content));
	random_bytes(picture, BYTES);
	fresh_iv(iv);
	aes_encrypt(s.key, content, wrapped);
	aes_ctr(content, iv, 0, picture, stream, BYTES);
	decrypt(stream, NULL, wrapped, iv);
	DEMAND(see(seen) && !memcmp(seen, picture, BYTES), "a content key is not unwrapped by the new session key");
}

static const struct rule refreshes[] = {
	{"start-refresh-defines-output", "Start writes a new random number; one of another size than 16 is zeroed",
	 "StartSessionKeyRefresh", start_gives_a_number},
	{"start-changes-no-key", "between Start and Finish the old key counts", "StartSessionKeyRefresh",
	 start_changes_nothing},
	{"finish-takes-effect-later", "Finish makes the key XOR the number, for what comes later alone",
	 "FinishSessionKeyRefresh", finish_changes_the_key},
	{"finish-without-start-does-nothing", "a Finish without its Start changes nothing and says nothing",
	 "docs/ddi.md; no document speaks", finish_alone_does_nothing},
	{"second-start-replaces-the-first", "of two Starts the second one's number counts",
	 "docs/ddi.md; no document speaks", second_start_replaces},
	{"wrapped-under-the-current-key", "after a refresh a content key is unwrapped by the new session key",
	 "FinishSessionKeyRefresh", wrapped_keys_are_of_the_new_key},
};
RULES(refresh_rules, refreshes);
