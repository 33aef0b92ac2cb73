/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The bytes of one connection, TLS or plain, without libevent's buffers in between: what comes goes
 * straight to where it is wanted, and what is sent leaves in the call that sends it. A request of
 * an open connection so costs one wait, one read and one write.
 *
 * Belongs to one connection; all calls are made on its thread. A stream that was zeroed but not
 * opened may be closed.
 */
#ifndef DAEMON_STREAM_H
#define DAEMON_STREAM_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "crypto/basics.h"

struct evbuffer;

enum stream_result {
    STREAM_OK = 0,
    STREAM_WAIT = 1, /* nothing more now: the stream's events tell when to try again */
    STREAM_OVER,     /* the peer has closed it, or it broke off */
};

struct stream {
    int fd;
    SSL *ssl;             /* NULL when plain */
    struct evbuffer *out; /* what could not be sent at once */
    bool paused;          /* nothing is taken in */
    bool read_wants_write;
    bool write_wants_read;
    short asked; /* of EV_READ and EV_WRITE */
    struct event readable;
    struct event writable;
};

/* Takes `fd` and `ssl` (which may be NULL) over, not when it fails. `ready` is called with EV_READ
 * or EV_WRITE. 0 or -ENOMEM. */
int stream_open(struct stream *stream, struct event_base *base, int fd, SSL *ssl,
                event_callback_fn ready, void *user) MUST_CHECK;
void stream_close(struct stream *stream);
/* Says goodbye (RFC 8446 section 6.1) and closes all but the descriptor, which it returns. */
int stream_part(struct stream *stream);

/* OpenSSL's queue of errors says why it is over. */
enum stream_result stream_shake_hands(struct stream *stream) MUST_CHECK;
/* At most `size` bytes, which is not 0. STREAM_OK: at least one has come. */
enum stream_result stream_read(struct stream *stream, void *bytes, size_t size,
                               size_t *ret_size) MUST_CHECK;
/* Whether something was taken from the socket that stream_read() has not given yet: no event will
 * tell of it. */
bool stream_has_more(const struct stream *stream);
void stream_pause(struct stream *stream, bool paused);

/* Where an answer may go at once; NULL when something is before it, or there is no TLS. */
SSL *stream_idle_tls(const struct stream *stream);
/* Sends what is in `out`, a piece at a time. STREAM_OK: all is sent. */
enum stream_result stream_flush(struct stream *stream) MUST_CHECK;

#endif
