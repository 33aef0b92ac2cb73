/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <unistd.h>

/* Bytes in one piece, after which others have their turn. */
#define PIECE_MAXIMUM ((size_t)64 << 10)

static void watch(struct event *event, bool wanted, bool asked)
{
    if (wanted && !asked) {
        event_add(event, NULL);
    } else if (!wanted && asked) {
        event_del(event);
    }
}

/* Waits for what can bring it further, and for nothing else: events are told as long as they hold.
 * A read that wants to write, or the reverse, is of a handshake: the pause does not meet one, as
 * there is no renegotiation (SSL_OP_NO_RENEGOTIATION). */
static void ask(struct stream *stream)
{
    bool sending = evbuffer_get_length(stream->out) > 0;
    bool read = (!stream->paused && !stream->read_wants_write) || stream->write_wants_read;
    bool write = (sending && !stream->write_wants_read) || stream->read_wants_write;
    watch(&stream->readable, read, (stream->asked & EV_READ) != 0);
    watch(&stream->writable, write, (stream->asked & EV_WRITE) != 0);
    stream->asked = (short)((read ? EV_READ : 0) | (write ? EV_WRITE : 0));
}

int stream_open(struct stream *stream, struct event_base *base, int fd, SSL *ssl,
                event_callback_fn ready, void *user)
{
    struct evbuffer *out = evbuffer_new();
    if (out == NULL || (ssl != NULL && SSL_set_fd(ssl, fd) != 1) ||
        event_assign(&stream->readable, base, fd, EV_READ | EV_PERSIST, ready, user) != 0 ||
        event_assign(&stream->writable, base, fd, EV_WRITE | EV_PERSIST, ready, user) != 0) {
        if (out != NULL) {
            evbuffer_free(out);
        }
        return -ENOMEM;
    }
    if (ssl != NULL) {
        SSL_set_accept_state(ssl);
    }
    stream->fd = fd;
    stream->ssl = ssl;
    stream->out = out;
    ask(stream);
    return 0;
}

static int release(struct stream *stream)
{
    int fd = stream->fd;
    event_del(&stream->readable);
    event_del(&stream->writable);
    evbuffer_free(stream->out);
    SSL_free(stream->ssl);
    *stream = (struct stream){.fd = -1};
    return fd;
}

void stream_close(struct stream *stream)
{
    if (stream->out != NULL) {
        close(release(stream));
    }
}

int stream_part(struct stream *stream)
{
    if (stream->ssl != NULL && SSL_is_init_finished(stream->ssl)) {
        SSL_shutdown(stream->ssl);
        ERR_clear_error();
    }
    return release(stream);
}

/* ---- in ---- */

/* After a call of OpenSSL's that takes in. */
static enum stream_result conclude_read(struct stream *stream, int result)
{
    int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(stream->ssl, result);
    bool before = stream->read_wants_write;
    stream->read_wants_write = error == SSL_ERROR_WANT_WRITE;
    if (before != stream->read_wants_write) {
        ask(stream);
    }
    if (error == SSL_ERROR_NONE) {
        return STREAM_OK;
    }
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? STREAM_WAIT
                                                                         : STREAM_OVER;
}

enum stream_result stream_shake_hands(struct stream *stream)
{
    ERR_clear_error();
    return conclude_read(stream, SSL_do_handshake(stream->ssl));
}

enum stream_result stream_read(struct stream *stream, void *bytes, size_t size, size_t *ret_size)
{
    if (stream->ssl != NULL) {
        ERR_clear_error();
        return conclude_read(stream, SSL_read_ex(stream->ssl, bytes, size, ret_size));
    }
    ssize_t got = read(stream->fd, bytes, size);
    if (got > 0) {
        *ret_size = (size_t)got;
        return STREAM_OK;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? STREAM_WAIT : STREAM_OVER;
}

bool stream_has_more(const struct stream *stream)
{
    return stream->ssl != NULL && SSL_has_pending(stream->ssl) == 1;
}

void stream_pause(struct stream *stream, bool paused)
{
    if (stream->paused != paused) {
        stream->paused = paused;
        ask(stream);
    }
}

/* ---- out ---- */

SSL *stream_idle_tls(const struct stream *stream)
{
    bool idle = stream->ssl != NULL && !SSL_want_write(stream->ssl) &&
                evbuffer_get_length(stream->out) == 0;
    return idle ? stream->ssl : NULL;
}

static enum stream_result send_piece(struct stream *stream)
{
    struct evbuffer_iovec piece;
    evbuffer_peek(stream->out, -1, NULL, &piece, 1);
    size_t size = piece.iov_len < PIECE_MAXIMUM ? piece.iov_len : PIECE_MAXIMUM;
    size_t sent = 0;
    ERR_clear_error();
    int result = SSL_write_ex(stream->ssl, piece.iov_base, size, &sent);
    int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(stream->ssl, result);
    stream->write_wants_read = error == SSL_ERROR_WANT_READ;
    if (error == SSL_ERROR_NONE) {
        evbuffer_drain(stream->out, sent);
        return STREAM_OK;
    }
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? STREAM_WAIT
                                                                         : STREAM_OVER;
}

static enum stream_result send_plain(struct stream *stream)
{
    if (evbuffer_write(stream->out, stream->fd) >= 0) {
        return STREAM_OK;
    }
    return errno == EAGAIN || errno == EINTR ? STREAM_WAIT : STREAM_OVER;
}

enum stream_result stream_flush(struct stream *stream)
{
    enum stream_result result = STREAM_OK;
    if (evbuffer_get_length(stream->out) > 0) {
        result = stream->ssl != NULL ? send_piece(stream) : send_plain(stream);
        ask(stream);
    }
    if (result == STREAM_OK && evbuffer_get_length(stream->out) > 0) {
        result = STREAM_WAIT;
    }
    return result;
}
