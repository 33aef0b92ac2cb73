/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/bsn_file.h"

#include <string.h>

#include "crypto/secret.h"

#define SPACE " \t\r\n"

void bsn_text_wipe(struct bsn_text *text)
{
    secret_wipe(text, sizeof(*text));
}

void bsn_list_wipe(struct bsn_list *list)
{
    secret_wipe(list, sizeof(*list));
}

int bsn_file_read(const struct command *command, const char *option, const char *path,
                  struct bsn_text *ret_text)
{
    CLEANUP(text_finish) struct text text = {0};
    int result = private_file_read(command, option, path, BSN_FILE_MAXIMUM, &text);
    if (result != 0) {
        return result;
    }
    if (strpbrk(text.bytes, SPACE) != NULL) {
        return options_complain(command, "--%s %s: this is not one BSN", option, path);
    }
    *ret_text = (struct bsn_text){0};
    memcpy(ret_text->digits, text.bytes, text.length);
    return 0;
}

static int take_line(struct bsn_list *list, const char *line, size_t length, size_t maximum)
{
    while (length > 0 && strchr(SPACE, line[length - 1]) != NULL) {
        length--;
    }
    size_t leading = strspn(line, " \t");
    if (leading >= length) {
        return 0;
    }
    if (length - leading > BSN_FILE_MAXIMUM || list->count == maximum) {
        return -1;
    }
    memcpy(list->numbers[list->count++].digits, line + leading, length - leading);
    return 0;
}

int bsn_file_read_list(const struct command *command, const char *option, const char *path,
                       size_t maximum, struct bsn_list *ret_list)
{
    CLEANUP(text_finish) struct text text = {0};
    CLEANUP(bsn_list_wipe) struct bsn_list list = {0};
    int result = private_file_read(command, option, path, BSN_LIST_FILE_MAXIMUM, &text);
    if (result != 0) {
        return result;
    }
    const char *at = text.bytes;
    for (size_t line = 1; *at != '\0'; line++) {
        size_t length = strcspn(at, "\n");
        if (take_line(&list, at, length, maximum) != 0) {
            return options_complain(command, "--%s %s: line %zu %s", option, path, line,
                                    list.count == maximum ? "is one too many" : "is not one BSN");
        }
        at += length + (at[length] == '\n');
    }
    *ret_list = list;
    return 0;
}

void bsn_list_add(const struct bsn_list *list, const char *name, struct text *body)
{
    text_open_list_member(body, name);
    for (size_t i = 0; i < list->count; i++) {
        text_add_item(body, list->numbers[i].digits, strlen(list->numbers[i].digits));
    }
    text_close_list(body);
}
