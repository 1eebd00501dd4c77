/* SPDX-License-Identifier: Apache-2.0 */
/* Names and texts of errors and job statuses. */
#include "coffer/coffer.h"

struct text {
	const char *name, *text;
};

#define ERROR(code, words) [-(code)] = {#code, words}
static const struct text errors[] = {
	[0] = {"COFFER_OK", "success"},
	ERROR(COFFER_E_INVALID, "an argument is out of range"),
	ERROR(COFFER_E_NO_MEMORY, "out of memory"),
	ERROR(COFFER_E_NO_BOARD, "no board found"),
	ERROR(COFFER_E_ACCESS, "no permission to open the board"),
	ERROR(COFFER_E_BUSY, "no free context: every one of the board is in use"),
	ERROR(COFFER_E_REMOVED, "the board was removed"),
	ERROR(COFFER_E_LOST, "the context was lost: open it again"),
	ERROR(COFFER_E_TIMEOUT, "the deadline passed"),
	ERROR(COFFER_E_CANCELLED, "cancelled"),
	ERROR(COFFER_E_FORKED, "the library was initialized before a fork, by the parent process"),
	ERROR(COFFER_E_CALLBACK, "a blocking call from a callback"),
	ERROR(COFFER_E_PROTOCOL, "the board broke the protocol"),
	ERROR(COFFER_E_VERSION, "the board speaks another version of the protocol"),
	ERROR(COFFER_E_NO_SLOT, "no key slot is left for this context"),
	ERROR(COFFER_E_HANDLE, "the handle is stale or belongs to another context"),
	ERROR(COFFER_E_STATE, "calls in the wrong order"),
	ERROR(COFFER_E_NOT_READY, "the board is not ready: no identity, or its entropy source failed"),
	ERROR(COFFER_E_REVOKED, "the session was revoked"),
	ERROR(COFFER_E_BAD_BLOB, "the board could not open the key blob"),
	ERROR(COFFER_E_REFUSED, "the board refused the job"),
	ERROR(COFFER_E_UNTRUSTED, "the board's certificate is not trusted"),
	ERROR(COFFER_E_IO, "the USB layer of the operating system failed"),
};

#define STATUS(code, words) [code] = {#code, words}
static const struct text statuses[] = {
	STATUS(COFFER_JOB_OK, "success"),
	STATUS(COFFER_JOB_BAD_HEADER, "the header could not be read"),
	STATUS(COFFER_JOB_BAD_FIELD, "fields of the header do not go together"),
	STATUS(COFFER_JOB_BAD_HANDLE, "stale or foreign slot or surface"),
	STATUS(COFFER_JOB_POLICY, "the policy of the key slot forbids it"),
	STATUS(COFFER_JOB_IV_REUSE, "keystream would be used again"),
	STATUS(COFFER_JOB_IV_RANGE, "the counter would wrap"),
	STATUS(COFFER_JOB_RANGE, "out of the surface's bounds, or the list does not sum up"),
	STATUS(COFFER_JOB_SHORT, "the payload ended early"),
	STATUS(COFFER_JOB_LONG, "the payload is longer than promised"),
	STATUS(COFFER_JOB_NO_KEY, "the slot holds no key"),
	STATUS(COFFER_JOB_REVOKED, "the session ended"),
	STATUS(COFFER_JOB_WRAPPED_KEY, "a read-back key's wrapped form is no content key"),
};

static const struct text *find(const struct text *table, size_t entries, int index)
{
	static const struct text unknown = {"COFFER_UNKNOWN", "unknown code"};

	return index >= 0 && (size_t)index < entries && table[index].name ? &table[index] : &unknown;
}

static const struct text *find_error(int error)
{
	static const struct text pending = {"COFFER_PENDING", "not finished yet"};

	if (error == COFFER_PENDING)
		return &pending;
	return find(errors, sizeof(errors) / sizeof(*errors), error <= 0 && error > -1000 ? -error : -1);
}

const char *coffer_error_name(int error)
{
	return find_error(error)->name;
}

const char *coffer_error_text(int error)
{
	return find_error(error)->text;
}

const char *coffer_job_status_name(int status)
{
	return find(statuses, sizeof(statuses) / sizeof(*statuses), status)->name;
}

const char *coffer_job_status_text(int status)
{
	return find(statuses, sizeof(statuses) / sizeof(*statuses), status)->text;
}
