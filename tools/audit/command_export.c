/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * `vix audit export`: copies the log below a checkpoint. The checkpoint comes first and is kept, so
 * that an export that breaks off is taken up where it was, for the same tree, however much the log
 * has grown meanwhile (it grows by being read). What was copied is held against the checkpoint, and
 * only then are other forms made of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tools/audit/check.h"
#include "tools/audit/commands.h"
#include "tools/audit/convert.h"
#include "tools/audit/fetch.h"
#include "tools/audit/file.h"

#define PAGE_LIMIT 500

struct export
{
    const struct invocation *invocation;
    struct session session; /* open once something was to be fetched */
    const char *path;
    int directory;
    const struct audit_format *format;
    struct checkpoint checkpoint;
    struct text since; /* the earlier checkpoint, if there is one */
    uint64_t first;    /* index of the first entry that is wanted */
    uint64_t next;     /* index of the one that is to be fetched now */
    FILE *entries;
    struct progress_count progress;
    struct audit_patience patience;
    struct audit_report *report; /* of what was copied */
};

static void export_finish(struct export *export)
{
    progress_count_end(&export->progress);
    session_close(&export->session);
    text_finish(&export->since);
    free(export->report);
    audit_descriptor_close(&export->directory);
    if (export->entries != NULL) {
        fclose(export->entries);
    }
}

/* Its directory, or a file in it. */
static void print_place(FILE *out, const struct export *export, const char *name)
{
    print_safe(out, export->path);
    fprintf(out, "%s%s", name[0] != '\0' ? "/" : "", name);
}

static int refuse(const struct export *export, const char *name, const char *why)
{
    fprintf(stderr, "vix: ");
    print_place(stderr, export, name);
    fprintf(stderr, "%s\n", why);
    return VIX_REFUSED;
}

static int complain(const struct export *export, const char *name, int fault)
{
    fprintf(stderr, "vix: ");
    print_place(stderr, export, name);
    fprintf(stderr, ": %s\n", audit_file_explain(fault));
    return VIX_REFUSED;
}

static int open_directory(struct export *export)
{
    int result = audit_directory_open(export->path, &export->directory);
    if (result == -EPERM) {
        return refuse(export, "", " must be your own and closed to others (chmod 700)");
    }
    if (result == 0 && flock(export->directory, LOCK_EX | LOCK_NB) != 0) {
        return refuse(export, "", ": another export is being made there");
    }
    return result != 0 ? complain(export, "", result) : VIX_DONE;
}

/* Of what is there already nothing is asked, and no address is needed. */
static int connect_once(struct export *export)
{
    return export->session.client != NULL ? VIX_DONE
                                          : session_open(export->invocation, &export->session);
}

static int fetch_if_there(struct export *export, const char *path, bool may_lack,
                          struct client_answer *ret_answer)
{
    int result = connect_once(export);
    return result != VIX_DONE
               ? result
               : audit_fetch(&export->session, path, may_lack, &export->patience, ret_answer);
}

static int fetch(struct export *export, const char *path, struct client_answer *ret_answer)
{
    return fetch_if_there(export, path, false, ret_answer);
}

/* Before the checkpoint itself, of whose tree it is then a part. */
static int fetch_witnessed(struct export *export)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    int result = fetch_if_there(export, "/tlog/witnessed-checkpoint", true, &answer);
    if (result != VIX_DONE || answer.status == 404) {
        return result;
    }
    int fault = audit_file_write(export->directory, AUDIT_WITNESSED, answer.body, answer.size);
    return fault != 0 ? complain(export, AUDIT_WITNESSED, fault) : VIX_DONE;
}

static int fetch_checkpoint(struct export *export)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    int result = fetch_witnessed(export);
    result = result != VIX_DONE ? result : fetch(export, "/tlog/checkpoint", &answer);
    if (result != VIX_DONE) {
        return result;
    }
    if (checkpoint_parse(answer.body, answer.size, &export->checkpoint) != 0) {
        fprintf(stderr, "vix: the answer is no checkpoint: is this the index?\n");
        return VIX_REFUSED;
    }
    int fault = audit_file_write(export->directory, AUDIT_CHECKPOINT, answer.body, answer.size);
    return fault != 0 ? complain(export, AUDIT_CHECKPOINT, fault) : VIX_DONE;
}

/* The checkpoint of an earlier run counts; else the present one. */
static int take_checkpoint(struct export *export)
{
    CLEANUP(text_finish) struct text note = {0};
    int fault = audit_file_read(export->directory, AUDIT_CHECKPOINT, &note);
    if (fault == -ENOENT) {
        return fetch_checkpoint(export);
    }
    if (fault != 0) {
        return complain(export, AUDIT_CHECKPOINT, fault);
    }
    if (checkpoint_parse(note.bytes, note.length, &export->checkpoint) != 0) {
        return refuse(export, AUDIT_CHECKPOINT, " is no checkpoint");
    }
    return VIX_DONE;
}

static int take_since(const struct invocation *invocation, struct export *export)
{
    const char *path = options_value(invocation, "since");
    struct checkpoint since;
    if (path == NULL) {
        return VIX_DONE;
    }
    int fault = audit_file_read(AT_FDCWD, path, &export->since);
    if (fault != 0) {
        return options_complain(invocation->command, "--since %s: %s", path,
                                audit_file_explain(fault));
    }
    if (checkpoint_parse(export->since.bytes, export->since.length, &since) != 0) {
        return options_complain(invocation->command, "--since %s: this is no checkpoint", path);
    }
    export->first = since.size;
    return VIX_DONE;
}

static int take_format(const struct invocation *invocation, struct export *export)
{
    const char *name = options_value(invocation, "format");
    export->format = audit_format_find(name != NULL ? name : "native");
    return export->format != NULL
               ? VIX_DONE
               : options_complain(invocation->command, "--format must be " AUDIT_FORMAT_NAMES);
}

static int take_since_proof(struct export *export)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    CLEANUP(text_finish) struct text path = {0};
    if (export->first > export->checkpoint.size) {
        fprintf(stderr,
                "vix: the log has %" PRIu64
                " entries, fewer than at the earlier checkpoint (%" PRIu64 ")\n",
                export->checkpoint.size, export->first);
        return VIX_REFUSED;
    }
    bool is_needed = export->first > 0 && export->first < export->checkpoint.size;
    if (!is_needed || faccessat(export->directory, AUDIT_SINCE_PROOF, F_OK, 0) == 0) {
        return VIX_DONE;
    }
    text_add_format(&path, "/v1/log-entries/%" PRIu64 "/proof?treeSize=%" PRIu64, export->first,
                    export->checkpoint.size);
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    int result = fetch(export, path.bytes, &answer);
    if (result != VIX_DONE) {
        return result;
    }
    int fault = audit_file_write(export->directory, AUDIT_SINCE_PROOF, answer.body, answer.size);
    return fault != 0 ? complain(export, AUDIT_SINCE_PROOF, fault) : VIX_DONE;
}

/* The index of a line that an earlier run wrote. */
static bool read_line_index(const char *line, size_t length, uint64_t *ret_index)
{
    CLEANUP(answer_freep) struct answer *entry = NULL;
    int64_t index = -1;
    if (answer_parse(line, length, &entry) != 0 ||
        !answer_integer(answer_at(entry, "index"), &index) || index < 0) {
        return false;
    }
    *ret_index = (uint64_t)index;
    return true;
}

/* Goes behind the last complete line; VIX_REFUSED when the file is another export's. */
static int skip_complete_lines(struct export *export)
{
    char line[AUDIT_LINE_MAXIMUM];
    off_t end = 0;
    while (fgets(line, sizeof(line), export->entries) != NULL) {
        size_t length = strlen(line);
        if (length == 0 || line[length - 1] != '\n') {
            break;
        }
        uint64_t index = 0;
        if (!read_line_index(line, length, &index) || index != export->next ||
            index >= export->checkpoint.size) {
            char why[64];
            snprintf(why, sizeof(why), " is not of this export: entry %" PRIu64 " is expected",
                     export->next);
            return refuse(export, AUDIT_ENTRIES, why);
        }
        export->next++;
        end += (off_t)length;
    }
    if (ferror(export->entries) || ftruncate(fileno(export->entries), end) != 0 ||
        fseeko(export->entries, end, SEEK_SET) != 0) {
        return complain(export, AUDIT_ENTRIES, -errno);
    }
    return VIX_DONE;
}

static int open_entries(struct export *export)
{
    int fault = audit_file_stream(export->directory, AUDIT_ENTRIES, O_RDWR | O_CREAT | O_NOFOLLOW,
                                  "r+", &export->entries);
    if (fault != 0) {
        return complain(export, AUDIT_ENTRIES, fault);
    }
    export->next = export->first;
    return skip_complete_lines(export);
}

static int write_entry(struct export *export, const struct answer *entry)
{
    CLEANUP(text_finish) struct text line = {0};
    int64_t index = -1;
    if (!answer_integer(answer_at(entry, "index"), &index) || (uint64_t)index != export->next) {
        fprintf(stderr, "vix: the index did not give entry %" PRIu64 " where it should be\n",
                export->next);
        return VIX_REFUSED;
    }
    answer_dump(entry, &line);
    text_add_string(&line, "\n");
    if (line.fault != 0) {
        return session_report_fault(line.fault);
    }
    if (line.length >= AUDIT_LINE_MAXIMUM ||
        fwrite(line.bytes, 1, line.length, export->entries) != line.length) {
        return complain(export, AUDIT_ENTRIES, line.length >= AUDIT_LINE_MAXIMUM ? -EFBIG : -errno);
    }
    export->next++;
    return VIX_DONE;
}

static int fetch_page(struct export *export)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    CLEANUP(answer_freep) struct answer *page = NULL;
    CLEANUP(text_finish) struct text path = {0};
    text_add_format(&path, "/v1/log-entries?fromIndex=%" PRIu64 "&limit=%d", export->next,
                    PAGE_LIMIT);
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    int result = fetch(export, path.bytes, &answer);
    if (result == VIX_DONE) {
        result = session_parse(answer.body, answer.size, &page);
    }
    if (result != VIX_DONE) {
        return result;
    }
    const struct answer *rows = answer_at(page, "logEntries");
    if (answer_count(rows) == 0) {
        fprintf(stderr,
                "vix: the index gave nothing from entry %" PRIu64 " on, and signed %" PRIu64 "\n",
                export->next, export->checkpoint.size);
        return VIX_REFUSED;
    }
    for (size_t i = 0; i < answer_count(rows) && export->next < export->checkpoint.size; i++) {
        result = write_entry(export, answer_item(rows, i));
        if (result != VIX_DONE) {
            return result;
        }
    }
    return VIX_DONE;
}

static int fetch_entries(struct export *export)
{
    int result = VIX_DONE;
    progress_count_begin(&export->progress, "exporting entries", export->next - export->first,
                         export->checkpoint.size - export->first);
    while (result == VIX_DONE && export->next < export->checkpoint.size) {
        result = fetch_page(export);
        progress_count_update(&export->progress, export->next - export->first);
    }
    progress_count_end(&export->progress);
    if (fflush(export->entries) != 0 || fsync(fileno(export->entries)) != 0) {
        return complain(export, AUDIT_ENTRIES, -errno);
    }
    return result;
}

/* Whose signature it is, only they can tell who have the log's key: `vix audit verify`. */
static int check_entries(struct export *export)
{
    static const struct audit_trust nobody = {0};
    export->report = calloc(1, sizeof(*export->report));
    if (export->report == NULL) {
        return session_report_fault(-ENOMEM);
    }
    const struct audit_report *report = export->report;
    int result = audit_check(export->directory, &nobody, export->since.bytes, export->report);
    if (result < 0) {
        return complain(export, report->unreadable != NULL ? report->unreadable : "", result);
    }
    for (size_t i = 0; i < report->finding_count && i < AUDIT_FINDINGS_MAXIMUM; i++) {
        const struct audit_finding *finding = &report->findings[i];
        fprintf(stderr, "vix: ");
        print_place(stderr, export, "");
        fprintf(stderr, ": ");
        if (finding->has_index) {
            fprintf(stderr, "entry %" PRIu64 ": ", finding->index);
        }
        print_safe(stderr, finding->what);
        fputc('\n', stderr);
    }
    return report->finding_count == 0 ? VIX_DONE : VIX_REFUSED;
}

static int convert_entries(struct export *export)
{
    if (export->format->file == NULL) {
        return VIX_DONE;
    }
    progress_count_begin(&export->progress, "writing entries", 0, export->report->entries);
    int result = audit_convert(export->directory, export->format, export->checkpoint.origin,
                               &export->progress);
    progress_count_end(&export->progress);
    if (result == AUDIT_CONVERT_MALFORMED) {
        return refuse(export, AUDIT_ENTRIES, " was changed meanwhile");
    }
    return result != 0 ? complain(export, export->format->file, result) : VIX_DONE;
}

static int print_json(const struct export *export, uint64_t fetched)
{
    CLEANUP(text_finish) struct text json = {0};
    text_open_object(&json);
    text_add_member(&json, "directory", export->path);
    text_add_member(&json, "format", export->format->name);
    text_add_member(&json, "file",
                    export->format->file != NULL ? export->format->file : AUDIT_ENTRIES);
    text_add_number_member(&json, "treeSize", (int64_t) export->checkpoint.size);
    text_add_number_member(&json, "firstIndex", (int64_t) export->first);
    text_add_number_member(&json, "entries", (int64_t) export->report->entries);
    text_add_number_member(&json, "destroyed", (int64_t) export->report->destroyed);
    text_add_number_member(&json, "fetched", (int64_t)fetched);
    text_close_object(&json);
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

static int print_result(const struct export *export, uint64_t fetched)
{
    const struct audit_report *report = export->report;
    if (export->session.json) {
        return print_json(export, fetched);
    }
    printf("exported: %" PRIu64 " entries of ", report->entries);
    print_safe(stdout, export->checkpoint.origin);
    printf(", up to its size of %" PRIu64, export->checkpoint.size);
    if (report->destroyed > 0) {
        printf("; %" PRIu64 " of them said to be destroyed after their term", report->destroyed);
    }
    printf("\nThey have the root that the checkpoint names.\n"
           "The signature was not checked; run: vix audit verify\n");
    if (export->format->file != NULL) {
        printf("written: ");
        print_place(stdout, export, export->format->file);
        putchar('\n');
    } else if (fetched == 0 && report->entries > 0) {
        printf("It was complete already; for what came since: vix audit export --out OTHER-DIR "
               "--since ");
        print_place(stdout, export, AUDIT_CHECKPOINT);
        putchar('\n');
    }
    return VIX_DONE;
}

static bool is_begun(const struct export *export)
{
    CLEANUP(audit_descriptor_close)
    int directory = open(export->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return directory >= 0 && faccessat(directory, AUDIT_CHECKPOINT, F_OK, 0) == 0;
}

int audit_export_run(const struct invocation *invocation)
{
    CLEANUP(export_finish)
    struct export export = {.invocation = invocation,
                            .session.json = invocation->common[COMMON_JSON] != NULL,
                            .path = options_value(invocation, "out"),
                            .directory = -1};
    export.patience.progress = &export.progress;
    int result = take_format(invocation, &export);
    result = result != VIX_DONE ? result : take_since(invocation, &export);
    if (result == VIX_DONE && !is_begun(&export)) {
        result = connect_once(&export); /* before a directory is made for nothing */
    }
    result = result != VIX_DONE ? result : open_directory(&export);
    result = result != VIX_DONE ? result : take_checkpoint(&export);
    result = result != VIX_DONE ? result : take_since_proof(&export);
    result = result != VIX_DONE ? result : open_entries(&export);
    if (result != VIX_DONE) {
        return result;
    }
    uint64_t before = export.next;
    result = fetch_entries(&export);
    result = result != VIX_DONE ? result : check_entries(&export);
    result = result != VIX_DONE ? result : convert_entries(&export);
    return result != VIX_DONE ? result : print_result(&export, export.next - before);
}
