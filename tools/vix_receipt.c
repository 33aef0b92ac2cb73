/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix receipt`: fetches the proof of an entry of one's own. */
#include <stdlib.h>
#include <string.h>

#include "tools/audit/receipt.h"
#include "tools/new_file.h"
#include "tools/session.h"

#define INDEX_DIGITS 18
#define RECEIPT_MEDIA "text/plain"

static int read_index(const struct invocation *invocation, const char **ret_index)
{
    const char *text = invocation->operands[0];
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > INDEX_DIGITS || text[digits] != '\0' ||
        (digits > 1 && text[0] == '0')) {
        return options_complain(invocation->command,
                                "INDEX must be the number of an entry, as Log-Index gives it");
    }
    *ret_index = text;
    return VIX_DONE;
}

/* What cannot be a receipt of that entry is not kept as one. What it proves is for others to say.
 */
static int check_answer(const struct client_answer *answer, const char *index)
{
    CLEANUP(audit_receipt_finish) struct audit_receipt receipt = {0};
    char why[AUDIT_RECEIPT_WHY_SIZE];
    int result = audit_receipt_read(answer->body, answer->size, &receipt, why);
    if (result < 0) {
        return session_report_fault(result);
    }
    if (result != 0 || receipt.index != strtoull(index, NULL, 10)) {
        fprintf(stderr, "vix: the answer is no receipt of that entry: %s\n",
                result != 0 ? why : "it is of another");
        return VIX_REFUSED;
    }
    return VIX_DONE;
}

static int print_json(const char *index, const struct new_file *file,
                      const struct client_answer *answer)
{
    CLEANUP(text_finish) struct text json = {0};
    text_add_format(&json, "{\"index\":%s", index);
    text_add_member(&json, "file", file->path);
    text_add_member(&json, "receipt", file->path == NULL ? answer->body : NULL);
    text_close_object(&json);
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

static int run_receipt(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(new_file_finish) struct new_file file = NEW_FILE_NONE;
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    char path[64];
    const char *index = NULL;
    int result = read_index(invocation, &index);
    result = result != VIX_DONE ? result : session_open(invocation, &session);
    result = result != VIX_DONE ? result : new_file_open(invocation, "out", &file);
    if (result != VIX_DONE) {
        return result;
    }
    snprintf(path, sizeof(path), "/v1/receipts/%s", index);
    struct client_request request = {.method = "GET", .path = path, .accept = RECEIPT_MEDIA};
    result = session_fetch(&session, &request, &answer);
    if (result == VIX_DONE && answer.status != 200) {
        result = session_print_refusal(&session, &answer);
    }
    result = result != VIX_DONE ? result : check_answer(&answer, index);
    result = result != VIX_DONE ? result : new_file_write(&file, answer.body, answer.size);
    if (result != VIX_DONE) {
        return result;
    }
    if (session.json) {
        return print_json(index, &file, &answer);
    }
    if (file.path == NULL) {
        print_safe_lines(stdout, answer.body);
    }
    return VIX_DONE;
}

const struct command receipt_commands[] = {
    {
        .words = "receipt",
        .operands = "INDEX",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "fetch the proof of a log entry of one's own",
        .details =
            "Every answer that made an entry in the log has its number in the header Log-Index.\n"
            "A receipt proves, without the index and to anybody, that the entry is in the log:\n"
            "what was done, by whom and when; not on whom. It can be fetched of entries that one\n"
            "made oneself, or that were made on one's behalf, until the record is destroyed at\n"
            "the end of its term. Check it with: vix audit verify-receipt",
        .options = {{"out", "FILE", "a new file to write it to; else it is printed", false, NULL}},
        .run = run_receipt,
    },
    {0},
};
