/* gymcc.h: ask a policy on a GymCC server for decisions. C99 and POSIX, no further dependency.
 *
 * In one source file, before any other header:
 *
 *     #define GYMCC_IMPLEMENTATION
 *     #include "gymcc.h"
 *
 * and elsewhere only the #include. A decision is one write and one read (put, run and get are sent together):
 *
 *     gymcc_client *client = NULL;
 *     if (gymcc_open(&client, "unix:///run/gymcc.sock", NULL, 1.0) != GYMCC_OK ||
 *         gymcc_decide(client, "looptune", observation, 90, mask, 10, &action, NULL) != GYMCC_OK)
 *         fprintf(stderr, "%s\n", gymcc_message(client));
 *     gymcc_close(client);
 *
 * Every call ends within the client's time limit. What fails returns a code, and gymcc_message() says what was asked,
 * of whom, and what the server wrote. A connection that broke is made again by the next call. A client is for one
 * thread, and a forked child opens its own.
 */
#if defined(GYMCC_IMPLEMENTATION) && !defined(_POSIX_C_SOURCE) && !defined(_GNU_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#ifndef GYMCC_H
#define GYMCC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gymcc_status {
    GYMCC_OK = 0,
    GYMCC_BAD_ARGUMENT, /* nothing was sent */
    GYMCC_NO_CONNECTION,
    GYMCC_TIMED_OUT,   /* whether the server did what it was asked is unknown */
    GYMCC_BROKEN,      /* the connection broke; whether the server did what it was asked is unknown */
    GYMCC_REFUSED,     /* by the server; gymcc_message() ends with its words */
    GYMCC_BAD_ANSWER,  /* not what the protocol says */
    GYMCC_NO_MEMORY
} gymcc_status;

typedef enum gymcc_dtype {
    GYMCC_FLOAT = 0,
    GYMCC_DOUBLE,
    GYMCC_INT8,
    GYMCC_INT16,
    GYMCC_INT32,
    GYMCC_INT64,
    GYMCC_UINT8,
    GYMCC_UINT16
} gymcc_dtype;

#define GYMCC_MAX_DIMS 8

typedef struct gymcc_tensor {
    gymcc_dtype dtype;
    int ndim; /* 1 to GYMCC_MAX_DIMS */
    int64_t shape[GYMCC_MAX_DIMS];
    const void *data; /* row-major, in the byte order of this machine */
} gymcc_tensor;

typedef enum gymcc_kind { GYMCC_NIL, GYMCC_TEXT, GYMCC_INTEGER, GYMCC_ARRAY, GYMCC_ERROR } gymcc_kind;

typedef struct gymcc_reply {
    gymcc_kind kind;
    int64_t integer;  /* of GYMCC_INTEGER */
    const char *text; /* of GYMCC_TEXT and GYMCC_ERROR; not terminated */
    size_t size;      /* bytes of text, or elements of GYMCC_ARRAY; see gymcc_item() */
    size_t span;      /* internal */
} gymcc_reply;

typedef struct gymcc_client gymcc_client;

/* Connect. `address`: host:port, [ipv6]:port or unix://path; NULL: the environment variable SSDB says it.
 * `password`: NULL: the environment variable GYMCC_PASSWORD, if there is one. `seconds`: for each call, reconnecting
 * included. *client is set also where it fails (unless memory is out), so that gymcc_message() can be asked. */
gymcc_status gymcc_open(gymcc_client **client, const char *address, const char *password, double seconds);

/* Hang up and free; NULL is allowed. */
void gymcc_close(gymcc_client *client);

/* What the last call that failed says, one line. */
const char *gymcc_message(const gymcc_client *client);

/* The name of a code, such as "GYMCC_TIMED_OUT". */
const char *gymcc_status_name(gymcc_status status);

/* Run a model on `inputs`, in the model's order: one exchange. outputs[i].data belongs to the client and is good until
 * its next call. The server keeps the tensors, under names of their own, until the client is closed. */
gymcc_status gymcc_infer(gymcc_client *client, const char *model, const gymcc_tensor *inputs, int n_inputs,
                         gymcc_tensor *outputs, int n_outputs);

/* The decision of a published policy: the legal action with the highest score. `mask`: 1 where an action is legal, 0
 * elsewhere. `scores`: room for n_actions numbers, or NULL. */
gymcc_status gymcc_decide(gymcc_client *client, const char *model, const float *observation, size_t n_observation,
                          const float *mask, size_t n_actions, int *action, float *scores);

gymcc_status gymcc_put_tensor(gymcc_client *client, const char *key, const gymcc_tensor *tensor);

/* tensor->data belongs to the client and is good until its next call. */
gymcc_status gymcc_get_tensor(gymcc_client *client, const char *key, gymcc_tensor *tensor);

/* Store tensors as the dataset `dataset` and append it to `list`: what a trainer learns from. One exchange, which is
 * not repeated when the connection breaks. `prefix`: of the uploader, or NULL; see SSKEYOUT. */
gymcc_status gymcc_upload(gymcc_client *client, const char *prefix, const char *list, const char *dataset,
                          const char *const *names, const gymcc_tensor *tensors, int n_tensors);

/* Any command of the protocol; sizes NULL: parts are terminated texts. *reply is good until the client's next call. */
gymcc_status gymcc_command(gymcc_client *client, int n_parts, const char *const *parts, const size_t *sizes,
                           const gymcc_reply **reply);

/* Element `index` of an array, NULL beyond its end. */
const gymcc_reply *gymcc_item(const gymcc_reply *array, size_t index);

#ifdef __cplusplus
}
#endif
#endif /* GYMCC_H */

#ifdef GYMCC_IMPLEMENTATION
#ifndef GYMCC_IMPLEMENTED
#define GYMCC_IMPLEMENTED

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifdef MSG_NOSIGNAL
#define GYMCC__NO_SIGNAL MSG_NOSIGNAL
#else
#define GYMCC__NO_SIGNAL 0 /* where SO_NOSIGPIPE is set instead */
#endif
#define GYMCC__MESSAGE 1024
#define GYMCC__DEPTH 8
#define GYMCC__LONGEST ((int64_t)1 << 32) /* bytes of a text */
#define GYMCC__RETRY 0.05                 /* seconds between two attempts to connect */

typedef struct gymcc__bytes {
    char *data;
    size_t size, room;
} gymcc__bytes;

struct gymcc_client {
    int socket; /* -1: none */
    double seconds;
    double deadline; /* of the call under way, on gymcc__now()'s clock */
    char *address, *password;
    gymcc__bytes out, in, tensors;
    gymcc_reply *replies; /* in preorder */
    size_t n_replies, room;
    int no_memory;
    char scratch[64];        /* what the keys begin with that only this client uses */
    int n_inputs, n_outputs; /* that were ever used */
    char message[GYMCC__MESSAGE];
};

static const struct {
    const char *name;
    size_t size;
} gymcc__dtypes[] = {{"FLOAT", 4}, {"DOUBLE", 8}, {"INT8", 1},  {"INT16", 2},
                     {"INT32", 4}, {"INT64", 8},  {"UINT8", 1}, {"UINT16", 2}};
#define GYMCC__DTYPES (sizeof gymcc__dtypes / sizeof *gymcc__dtypes)

static double gymcc__now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#ifdef __GNUC__
__attribute__((format(printf, 3, 4)))
#endif
static gymcc_status gymcc__fail(gymcc_client *client, gymcc_status status, const char *format, ...) {
    int at = snprintf(client->message, GYMCC__MESSAGE, "%s: ", client->address ? client->address : "no address");
    if (at >= 0 && at < GYMCC__MESSAGE) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(client->message + at, (size_t)(GYMCC__MESSAGE - at), format, arguments);
        va_end(arguments);
    }
    return status;
}

static gymcc_status gymcc__out_of_memory(gymcc_client *client) {
    return gymcc__fail(client, GYMCC_NO_MEMORY, "no memory");
}

/* -- Bytes ------------------------------------------------------------------------------------------------------- */

static int gymcc__reserve(gymcc__bytes *bytes, size_t more) {
    size_t room = bytes->room ? bytes->room : 4096;
    char *data;
    if (more <= bytes->room - bytes->size) return 1;
    while (room - bytes->size < more) {
        if (room > SIZE_MAX / 2) return 0;
        room *= 2;
    }
    data = (char *)realloc(bytes->data, room);
    if (!data) return 0;
    bytes->data = data;
    bytes->room = room;
    return 1;
}

static void gymcc__append(gymcc_client *client, const void *data, size_t size) {
    if (client->no_memory || !gymcc__reserve(&client->out, size)) {
        client->no_memory = 1;
        return;
    }
    if (size) memcpy(client->out.data + client->out.size, data, size);
    client->out.size += size;
}

static void gymcc__head(gymcc_client *client, char sign, size_t number) {
    char head[32];
    gymcc__append(client, head, (size_t)snprintf(head, sizeof head, "%c%zu\r\n", sign, number));
}

static void gymcc__part(gymcc_client *client, const void *data, size_t size) {
    gymcc__head(client, '$', size);
    gymcc__append(client, data, size);
    gymcc__append(client, "\r\n", 2);
}

static void gymcc__text(gymcc_client *client, const char *text) { gymcc__part(client, text, strlen(text)); }

static void gymcc__number(gymcc_client *client, int64_t number) {
    char digits[24];
    gymcc__part(client, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number));
}

/* A text made of several: key or name. */
static void gymcc__joined(gymcc_client *client, const char *const *pieces, int n_pieces) {
    size_t size = 0;
    int i;
    for (i = 0; i < n_pieces; i++) size += strlen(pieces[i]);
    gymcc__head(client, '$', size);
    for (i = 0; i < n_pieces; i++) gymcc__append(client, pieces[i], strlen(pieces[i]));
    gymcc__append(client, "\r\n", 2);
}

/* -- Tensors ----------------------------------------------------------------------------------------------------- */

static int gymcc__is_little_endian(void) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one;
}

static void gymcc__copy_little_endian(char *to, const char *from, size_t bytes, size_t item) {
    size_t i, j;
    if (gymcc__is_little_endian() || item == 1) {
        memcpy(to, from, bytes);
        return;
    }
    for (i = 0; i < bytes; i += item)
        for (j = 0; j < item; j++) to[i + j] = from[i + item - 1 - j];
}

/* Bytes of a tensor, 0 if it is none. */
static size_t gymcc__tensor_size(const gymcc_tensor *tensor) {
    size_t size;
    int i;
    if ((unsigned)tensor->dtype >= GYMCC__DTYPES || tensor->ndim < 1 || tensor->ndim > GYMCC_MAX_DIMS) return 0;
    size = gymcc__dtypes[tensor->dtype].size;
    for (i = 0; i < tensor->ndim; i++) {
        if (tensor->shape[i] < 1 || (uint64_t)tensor->shape[i] > (uint64_t)GYMCC__LONGEST / size) return 0;
        size *= (size_t)tensor->shape[i];
    }
    return size;
}

static gymcc_status gymcc__check_tensor(gymcc_client *client, const gymcc_tensor *tensor, const char *what, int index) {
    if (tensor->data && gymcc__tensor_size(tensor)) return GYMCC_OK;
    return gymcc__fail(client, GYMCC_BAD_ARGUMENT,
                       "%s %d is no tensor: it needs data, a type, 1 to %d dimensions, each positive", what, index,
                       GYMCC_MAX_DIMS);
}

/* What follows the key in AI.TENSORSET: type, dimensions, BLOB, bytes. */
static void gymcc__tensor(gymcc_client *client, const gymcc_tensor *tensor) {
    size_t size = gymcc__tensor_size(tensor), item = gymcc__dtypes[tensor->dtype].size;
    int i;
    gymcc__text(client, gymcc__dtypes[tensor->dtype].name);
    for (i = 0; i < tensor->ndim; i++) gymcc__number(client, tensor->shape[i]);
    gymcc__text(client, "BLOB");
    gymcc__head(client, '$', size);
    if (client->no_memory || !gymcc__reserve(&client->out, size)) {
        client->no_memory = 1;
        return;
    }
    gymcc__copy_little_endian(client->out.data + client->out.size, (const char *)tensor->data, size, item);
    client->out.size += size;
    gymcc__append(client, "\r\n", 2);
}

static int gymcc__is(const gymcc_reply *reply, const char *text) {
    return reply->kind == GYMCC_TEXT && reply->size == strlen(text) && !memcmp(reply->text, text, reply->size);
}

/* Read [_, type, _, shape, _, bytes]; 0 if it is something else. The data lie in client->tensors, from `at`. */
static int gymcc__read_tensor(gymcc_client *client, const gymcc_reply *reply, size_t at, gymcc_tensor *tensor) {
    const gymcc_reply *type, *shape, *blob;
    size_t dtype, i;
    if (reply->kind != GYMCC_ARRAY || reply->size != 6) return 0;
    type = gymcc_item(reply, 1), shape = gymcc_item(reply, 3), blob = gymcc_item(reply, 5);
    for (dtype = 0; dtype < GYMCC__DTYPES && !gymcc__is(type, gymcc__dtypes[dtype].name); dtype++) continue;
    if (dtype == GYMCC__DTYPES || shape->kind != GYMCC_ARRAY || shape->size > GYMCC_MAX_DIMS) return 0;
    tensor->dtype = (gymcc_dtype)dtype;
    tensor->ndim = (int)shape->size;
    for (i = 0; i < shape->size; i++) tensor->shape[i] = gymcc_item(shape, i)->integer;
    if (blob->kind != GYMCC_TEXT || !blob->size || gymcc__tensor_size(tensor) != blob->size) return 0;
    gymcc__copy_little_endian(client->tensors.data + at, blob->text, blob->size, gymcc__dtypes[dtype].size);
    tensor->data = client->tensors.data + at;
    return 1;
}

/* -- Replies ----------------------------------------------------------------------------------------------------- */

const gymcc_reply *gymcc_item(const gymcc_reply *array, size_t index) {
    const gymcc_reply *item;
    if (!array || array->kind != GYMCC_ARRAY || index >= array->size) return NULL;
    for (item = array + 1; index; index--) item += item->span;
    return item;
}

static gymcc_reply *gymcc__node(gymcc_client *client) {
    if (client->n_replies == client->room) {
        size_t room = client->room ? 2 * client->room : 64;
        gymcc_reply *replies = (gymcc_reply *)realloc(client->replies, room * sizeof *replies);
        if (!replies) return NULL;
        client->replies = replies;
        client->room = room;
    }
    memset(client->replies + client->n_replies, 0, sizeof *client->replies);
    return client->replies + client->n_replies++;
}

static int gymcc__parse_number(const char *from, const char *to, int64_t *number) {
    int negative = from < to && *from == '-';
    if (negative) from++;
    if (from == to || to - from > 18) return 0;
    for (*number = 0; from < to; from++) {
        if (*from < '0' || *from > '9') return 0;
        *number = 10 * *number + (*from - '0');
    }
    if (negative) *number = -*number;
    return 1;
}

typedef enum gymcc__progress { GYMCC__MORE, GYMCC__DONE, GYMCC__MALFORMED, GYMCC__FULL } gymcc__progress;

/* One reply from client->in at *at. `text` is a position yet, for the buffer may still move. */
static gymcc__progress gymcc__parse(gymcc_client *client, size_t *at, int depth) {
    const char *start = client->in.data + *at, *end = client->in.data + client->in.size, *line = NULL, *from = start;
    size_t index = client->n_replies, i;
    gymcc_reply *node;
    int64_t number = 0;
    while (!line && from < end && (from = (const char *)memchr(from, '\r', (size_t)(end - from)))) {
        if (from + 1 < end && from[1] == '\n') line = from;
        from++;
    }
    if (!line) return GYMCC__MORE;
    if (depth > GYMCC__DEPTH || !strchr("+-:$*", *start)) return GYMCC__MALFORMED;
    if (*start != '+' && *start != '-' && !gymcc__parse_number(start + 1, line, &number)) return GYMCC__MALFORMED;
    if (!(node = gymcc__node(client))) return GYMCC__FULL;
    *at = (size_t)(line - client->in.data) + 2;
    node->span = 1;
    node->integer = number;
    if (*start == ':') {
        node->kind = GYMCC_INTEGER;
    } else if (*start == '+' || *start == '-') {
        node->kind = *start == '+' ? GYMCC_TEXT : GYMCC_ERROR;
        node->integer = start + 1 - client->in.data;
        node->size = (size_t)(line - start - 1);
    } else if (number == -1) {
        node->kind = GYMCC_NIL;
    } else if (number < 0 || number > GYMCC__LONGEST) {
        return GYMCC__MALFORMED;
    } else if (*start == '$') {
        if (client->in.size - *at < (size_t)number + 2) return GYMCC__MORE;
        if (memcmp(client->in.data + *at + number, "\r\n", 2)) return GYMCC__MALFORMED;
        node->kind = GYMCC_TEXT;
        node->integer = (int64_t)*at;
        node->size = (size_t)number;
        *at += (size_t)number + 2;
    } else {
        node->kind = GYMCC_ARRAY;
        node->size = (size_t)number;
        for (i = 0; i < (size_t)number; i++) {
            gymcc__progress progress = gymcc__parse(client, at, depth + 1);
            if (progress != GYMCC__DONE) return progress;
        }
        client->replies[index].span = client->n_replies - index;
    }
    return GYMCC__DONE;
}

static void gymcc__point(gymcc_client *client) {
    size_t i;
    for (i = 0; i < client->n_replies; i++) {
        gymcc_reply *node = client->replies + i;
        if (node->kind == GYMCC_TEXT || node->kind == GYMCC_ERROR) node->text = client->in.data + node->integer;
    }
}

/* -- The connection ---------------------------------------------------------------------------------------------- */

static void gymcc__hang_up(gymcc_client *client) {
    if (client->socket >= 0) close(client->socket);
    client->socket = -1;
}

/* Events of the socket; 0 when the deadline is over. */
static int gymcc__wait(gymcc_client *client, int events) {
    struct pollfd ready;
    for (;;) {
        double left = client->deadline - gymcc__now();
        int found;
        ready.fd = client->socket;
        ready.events = (short)events;
        ready.revents = 0;
        if (left <= 0) return 0;
        found = poll(&ready, 1, left > 1e6 ? 1000000000 : (int)(left * 1e3) + 1);
        if (found > 0) return ready.revents;
        if (found < 0 && errno != EINTR) return POLLERR;
    }
}

/* Send client->out and read `count` replies; it reads while it writes, so that neither side waits for the other.
 * *sent: whether the server may have seen the request. */
static gymcc_status gymcc__exchange(gymcc_client *client, size_t count, const char *what, int *sent) {
    size_t written = 0, at = 0, complete = 0;
    client->in.size = client->n_replies = 0;
    while (complete < count) {
        size_t nodes = client->n_replies, before = at;
        ssize_t size;
        gymcc__progress progress;
        if (written < client->out.size) {
            size = send(client->socket, client->out.data + written, client->out.size - written, GYMCC__NO_SIGNAL);
            if (size > 0) written += (size_t)size, *sent = 1;
            else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
                return gymcc__fail(client, GYMCC_BROKEN, "%s: %s", what, strerror(errno));
        }
        if (!gymcc__wait(client, POLLIN | (written < client->out.size ? POLLOUT : 0)))
            return gymcc__fail(client, GYMCC_TIMED_OUT, "no answer within %g s to %s", client->seconds, what);
        if (!gymcc__reserve(&client->in, 4096)) return gymcc__out_of_memory(client);
        size = recv(client->socket, client->in.data + client->in.size, client->in.room - client->in.size, 0);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) continue;
        if (size < 0) return gymcc__fail(client, GYMCC_BROKEN, "%s: %s", what, strerror(errno));
        if (!size) return gymcc__fail(client, GYMCC_BROKEN, "%s: the server closed the connection", what);
        client->in.size += (size_t)size;
        while (complete < count && (progress = gymcc__parse(client, &at, 0)) != GYMCC__MORE) {
            if (progress == GYMCC__MALFORMED)
                return gymcc__fail(client, GYMCC_BAD_ANSWER, "%s: the server does not speak RESP", what);
            if (progress == GYMCC__FULL) return gymcc__out_of_memory(client);
            complete++, nodes = client->n_replies, before = at;
        }
        client->n_replies = nodes, at = before;
    }
    gymcc__point(client);
    return GYMCC_OK;
}

static int gymcc__connect_to(gymcc_client *client, const struct sockaddr *to, socklen_t size) {
    int error = 0, on = 1;
    socklen_t length = sizeof error;
    client->socket = socket(to->sa_family, SOCK_STREAM, 0);
    if (client->socket < 0) return errno;
    fcntl(client->socket, F_SETFD, FD_CLOEXEC);
    fcntl(client->socket, F_SETFL, O_NONBLOCK);
    if (to->sa_family != AF_UNIX) setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
    setsockopt(client->socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    if (!connect(client->socket, to, size)) return 0;
    error = errno;
    if (error == EINPROGRESS) {
        int late = !gymcc__wait(client, POLLOUT);
        if (getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &length)) error = errno;
        if (late && !error) error = ETIMEDOUT;
    }
    if (error) gymcc__hang_up(client);
    return error;
}

static gymcc_status gymcc__connect_unix(gymcc_client *client, const char *path) {
    struct sockaddr_un to;
    int error;
    memset(&to, 0, sizeof to);
    to.sun_family = AF_UNIX;
    if (!*path || strlen(path) >= sizeof to.sun_path)
        return gymcc__fail(client, GYMCC_BAD_ARGUMENT, "a socket's path has 1 to %zu bytes", sizeof to.sun_path - 1);
    memcpy(to.sun_path, path, strlen(path));
    error = gymcc__connect_to(client, (const struct sockaddr *)&to, sizeof to);
    return error ? gymcc__fail(client, GYMCC_NO_CONNECTION, "no connection: %s", strerror(error)) : GYMCC_OK;
}

static gymcc_status gymcc__connect_tcp(gymcc_client *client) {
    char host[256];
    const char *address = client->address, *colon = strrchr(address, ':');
    size_t size = colon ? (size_t)(colon - address) : 0;
    struct addrinfo hints, *found = NULL, *each;
    int error;
    if (size > 2 && address[0] == '[' && address[size - 1] == ']') address++, size -= 2;
    if (!size || size >= sizeof host || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return gymcc__fail(client, GYMCC_BAD_ARGUMENT, "no address; allowed: host:port, [ipv6]:port, unix://path");
    memcpy(host, address, size);
    host[size] = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    error = getaddrinfo(host, colon + 1, &hints, &found);
    if (error) return gymcc__fail(client, GYMCC_NO_CONNECTION, "no connection: %s", gai_strerror(error));
    error = EADDRNOTAVAIL;
    for (each = found; each && error; each = each->ai_next)
        error = gymcc__connect_to(client, each->ai_addr, each->ai_addrlen);
    freeaddrinfo(found);
    return error ? gymcc__fail(client, GYMCC_NO_CONNECTION, "no connection: %s", strerror(error)) : GYMCC_OK;
}

/* One attempt, with the password where there is one. client->out is kept. */
static gymcc_status gymcc__connect(gymcc_client *client) {
    const char *unix_path = strncmp(client->address, "unix://", 7) ? NULL : client->address + 7;
    gymcc_status status = unix_path ? gymcc__connect_unix(client, unix_path) : gymcc__connect_tcp(client);
    gymcc__bytes request = client->out;
    int sent = 0;
    if (status || !client->password) return status;
    memset(&client->out, 0, sizeof client->out);
    gymcc__head(client, '*', 2);
    gymcc__text(client, "AUTH");
    gymcc__text(client, client->password);
    status = client->no_memory ? gymcc__out_of_memory(client) : gymcc__exchange(client, 1, "AUTH", &sent);
    if (!status && client->replies->kind == GYMCC_ERROR)
        status = gymcc__fail(client, GYMCC_REFUSED, "AUTH: %.*s", (int)client->replies->size, client->replies->text);
    free(client->out.data);
    client->out = request;
    return status;
}

/* Attempts until the deadline: the server may be starting. */
static gymcc_status gymcc__connected(gymcc_client *client) {
    struct timespec pause = {0, (long)(GYMCC__RETRY * 1e9)};
    gymcc_status status = GYMCC_OK;
    if (client->socket >= 0) {
        struct pollfd ready = {client->socket, POLLIN, 0};
        if (!poll(&ready, 1, 0)) return GYMCC_OK;
        gymcc__hang_up(client); /* the server hung up meanwhile */
    }
    do {
        if (status) nanosleep(&pause, NULL);
        status = gymcc__connect(client);
        if (status) gymcc__hang_up(client);
    } while ((status == GYMCC_NO_CONNECTION || status == GYMCC_BROKEN) &&
             gymcc__now() + GYMCC__RETRY < client->deadline);
    return status == GYMCC_BROKEN || status == GYMCC_TIMED_OUT ? GYMCC_NO_CONNECTION : status;
}

static void gymcc__begin(gymcc_client *client) {
    client->deadline = gymcc__now() + client->seconds;
    client->out.size = 0;
    client->no_memory = 0;
    client->message[0] = 0;
}

/* Send what was gathered since gymcc__begin(), read `count` replies. `repeatable`: doing it twice is doing it once. */
static gymcc_status gymcc__call(gymcc_client *client, size_t count, const char *what, int repeatable) {
    if (client->no_memory) return gymcc__out_of_memory(client);
    for (;;) {
        int sent = 0;
        gymcc_status status = gymcc__connected(client);
        if (status) return status;
        status = gymcc__exchange(client, count, what, &sent);
        if (!status) return GYMCC_OK;
        gymcc__hang_up(client);
        if (status != GYMCC_BROKEN || (sent && !repeatable) || gymcc__now() + GYMCC__RETRY >= client->deadline)
            return status;
    }
}

/* The first refusal among the replies, as a failure. */
static gymcc_status gymcc__refusal(gymcc_client *client, const char *what) {
    size_t i;
    for (i = 0; i < client->n_replies; i++)
        if (client->replies[i].kind == GYMCC_ERROR)
            return gymcc__fail(client, GYMCC_REFUSED, "%s: %.*s", what, (int)client->replies[i].size,
                               client->replies[i].text);
    return GYMCC_OK;
}

/* -- What is offered --------------------------------------------------------------------------------------------- */

static char *gymcc__duplicate(const char *text) {
    char *copy = text ? (char *)malloc(strlen(text) + 1) : NULL;
    return copy ? strcpy(copy, text) : NULL;
}

static void gymcc__name(gymcc_client *client) {
    static unsigned count = 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(client->scratch, sizeof client->scratch, "gymcc.scratch.%ld-%llx%09lx-%u.", (long)getpid(),
             (unsigned long long)now.tv_sec, (unsigned long)now.tv_nsec, count++);
}

gymcc_status gymcc_open(gymcc_client **client, const char *address, const char *password, double seconds) {
    gymcc_client *made = (gymcc_client *)calloc(1, sizeof *made);
    *client = made;
    if (!made) return GYMCC_NO_MEMORY;
    if (!address) address = getenv("SSDB");
    if (!password) password = getenv("GYMCC_PASSWORD");
    made->socket = -1;
    gymcc__name(made);
    made->seconds = seconds;
    made->address = gymcc__duplicate(address);
    made->password = password && *password ? gymcc__duplicate(password) : NULL;
    if (!address || !*address)
        return gymcc__fail(made, GYMCC_BAD_ARGUMENT, "give one, or set SSDB to host:port or unix://path");
    if (!made->address || (password && *password && !made->password)) return gymcc__out_of_memory(made);
    if (!(seconds > 0)) return gymcc__fail(made, GYMCC_BAD_ARGUMENT, "the time limit is positive, got %g s", seconds);
    gymcc__begin(made);
    gymcc__head(made, '*', 1);
    gymcc__text(made, "PING");
    {
        gymcc_status status = gymcc__call(made, 1, "PING", 1);
        return status ? status : gymcc__refusal(made, "PING");
    }
}

/* The key of a tensor that nobody but this client uses. */
static void gymcc__scratch(gymcc_client *client, char letter, int number) {
    char key[sizeof client->scratch + 16];
    snprintf(key, sizeof key, "%s%c%d", client->scratch, letter, number);
    gymcc__text(client, key);
}

static void gymcc__scratches(gymcc_client *client, const char *word, char letter, int n) {
    int i;
    gymcc__text(client, word);
    gymcc__number(client, n);
    for (i = 0; i < n; i++) gymcc__scratch(client, letter, i);
}

/* Have the server drop them, without waiting for it. */
static void gymcc__forget(gymcc_client *client) {
    int i;
    if (client->socket < 0 || client->n_inputs + client->n_outputs == 0) return;
    client->out.size = 0;
    gymcc__head(client, '*', 1 + (size_t)client->n_inputs + (size_t)client->n_outputs);
    gymcc__text(client, "DEL");
    for (i = 0; i < client->n_inputs; i++) gymcc__scratch(client, 'i', i);
    for (i = 0; i < client->n_outputs; i++) gymcc__scratch(client, 'o', i);
    if (!client->no_memory && send(client->socket, client->out.data, client->out.size, GYMCC__NO_SIGNAL) < 0) return;
}

void gymcc_close(gymcc_client *client) {
    if (!client) return;
    gymcc__forget(client);
    gymcc__hang_up(client);
    free(client->address);
    free(client->password);
    free(client->out.data);
    free(client->in.data);
    free(client->tensors.data);
    free(client->replies);
    free(client);
}

const char *gymcc_message(const gymcc_client *client) { return client ? client->message : "no memory"; }

const char *gymcc_status_name(gymcc_status status) {
    static const char *const names[] = {"GYMCC_OK",     "GYMCC_BAD_ARGUMENT", "GYMCC_NO_CONNECTION", "GYMCC_TIMED_OUT",
                                        "GYMCC_BROKEN", "GYMCC_REFUSED",      "GYMCC_BAD_ANSWER",    "GYMCC_NO_MEMORY"};
    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

/* Tensors from the replies at `first`, one after the other, into outputs. */
static gymcc_status gymcc__read_tensors(gymcc_client *client, const gymcc_reply *first, gymcc_tensor *outputs, int n,
                                        const char *what) {
    const gymcc_reply *reply = first;
    size_t at = 0;
    int i;
    client->tensors.size = 0; /* no tensor takes more room than the answer that brought it, but for its alignment */
    if (!gymcc__reserve(&client->tensors, client->in.size + 16 * (size_t)n)) return gymcc__out_of_memory(client);
    for (i = 0; i < n; i++, reply += reply->span) {
        if (!gymcc__read_tensor(client, reply, at, outputs + i))
            return gymcc__fail(client, GYMCC_BAD_ANSWER, "%s: the answer is no tensor", what);
        at += (gymcc__tensor_size(outputs + i) + 15) / 16 * 16;
    }
    return GYMCC_OK;
}

gymcc_status gymcc_infer(gymcc_client *client, const char *model, const gymcc_tensor *inputs, int n_inputs,
                         gymcc_tensor *outputs, int n_outputs) {
    char what[128];
    gymcc_status status;
    const gymcc_reply *reply;
    int i;
    gymcc__begin(client);
    if (!model || !*model || n_inputs < 1 || n_outputs < 1)
        return gymcc__fail(client, GYMCC_BAD_ARGUMENT, "a model's name, one input and one output at least are needed");
    for (i = 0; i < n_inputs; i++)
        if ((status = gymcc__check_tensor(client, inputs + i, "input", i))) return status;
    if (client->n_inputs < n_inputs) client->n_inputs = n_inputs;
    if (client->n_outputs < n_outputs) client->n_outputs = n_outputs;
    snprintf(what, sizeof what, "model %.100s", model);

    for (i = 0; i < n_inputs; i++) {
        gymcc__head(client, '*', 5 + (size_t)inputs[i].ndim);
        gymcc__text(client, "AI.TENSORSET");
        gymcc__scratch(client, 'i', i);
        gymcc__tensor(client, inputs + i);
    }
    gymcc__head(client, '*', 6 + (size_t)n_inputs + (size_t)n_outputs);
    gymcc__text(client, "AI.MODELEXECUTE");
    gymcc__text(client, model);
    gymcc__scratches(client, "INPUTS", 'i', n_inputs);
    gymcc__scratches(client, "OUTPUTS", 'o', n_outputs);
    for (i = 0; i < n_outputs; i++) {
        gymcc__head(client, '*', 4);
        gymcc__text(client, "AI.TENSORGET");
        gymcc__scratch(client, 'o', i);
        gymcc__text(client, "META");
        gymcc__text(client, "BLOB");
    }
    status = gymcc__call(client, (size_t)n_inputs + 1 + (size_t)n_outputs, what, 1);
    if (status || (status = gymcc__refusal(client, what))) return status;
    for (reply = client->replies, i = 0; i < n_inputs + 1; i++) reply += reply->span;
    return gymcc__read_tensors(client, reply, outputs, n_outputs, what);
}

gymcc_status gymcc_decide(gymcc_client *client, const char *model, const float *observation, size_t n_observation,
                          const float *mask, size_t n_actions, int *action, float *scores) {
    gymcc_tensor inputs[2] = {{GYMCC_FLOAT, 2, {1, (int64_t)n_observation}, observation},
                              {GYMCC_FLOAT, 2, {1, (int64_t)n_actions}, mask}};
    gymcc_tensor output;
    const float *found;
    size_t i;
    gymcc_status status = gymcc_infer(client, model, inputs, 2, &output, 1);
    if (status) return status;
    if (output.dtype != GYMCC_FLOAT || gymcc__tensor_size(&output) != n_actions * sizeof(float))
        return gymcc__fail(client, GYMCC_BAD_ANSWER, "model %.100s: the answer is not a score of each of %zu actions",
                           model, n_actions);
    found = (const float *)output.data;
    *action = 0;
    for (i = 1; i < n_actions; i++)
        if (found[i] > found[*action]) *action = (int)i;
    if (scores) memcpy(scores, found, n_actions * sizeof *scores);
    return GYMCC_OK;
}

gymcc_status gymcc_put_tensor(gymcc_client *client, const char *key, const gymcc_tensor *tensor) {
    gymcc_status status;
    gymcc__begin(client);
    if ((status = gymcc__check_tensor(client, tensor, "argument", 0))) return status;
    gymcc__head(client, '*', 5 + (size_t)tensor->ndim);
    gymcc__text(client, "AI.TENSORSET");
    gymcc__text(client, key);
    gymcc__tensor(client, tensor);
    status = gymcc__call(client, 1, "AI.TENSORSET", 1);
    return status ? status : gymcc__refusal(client, "AI.TENSORSET");
}

gymcc_status gymcc_get_tensor(gymcc_client *client, const char *key, gymcc_tensor *tensor) {
    gymcc_status status;
    gymcc__begin(client);
    gymcc__head(client, '*', 4);
    gymcc__text(client, "AI.TENSORGET");
    gymcc__text(client, key);
    gymcc__text(client, "META");
    gymcc__text(client, "BLOB");
    status = gymcc__call(client, 1, "AI.TENSORGET", 1);
    if (status || (status = gymcc__refusal(client, "AI.TENSORGET"))) return status;
    return gymcc__read_tensors(client, client->replies, tensor, 1, "AI.TENSORGET");
}

/* Field .tensor_names: a byte for the type, then each name after its size, 8 bytes little-endian. */
static void gymcc__tensor_names(gymcc_client *client, const char *const *names, int n) {
    size_t size = 1;
    int i, j;
    for (i = 0; i < n; i++) size += 8 + strlen(names[i]);
    gymcc__text(client, ".tensor_names");
    gymcc__head(client, '$', size);
    gymcc__append(client, "\x07", 1);
    for (i = 0; i < n; i++) {
        uint64_t length = strlen(names[i]);
        char bytes[8];
        for (j = 0; j < 8; j++) bytes[j] = (char)(length >> (8 * j) & 0xff);
        gymcc__append(client, bytes, 8);
        gymcc__append(client, names[i], (size_t)length);
    }
    gymcc__append(client, "\r\n", 2);
}

gymcc_status gymcc_upload(gymcc_client *client, const char *prefix, const char *list, const char *dataset,
                          const char *const *names, const gymcc_tensor *tensors, int n_tensors) {
    const char *owner = prefix && *prefix ? prefix : "", *dot = *owner ? "." : "";
    const char *meta[] = {owner, dot, "{", dataset, "}.meta"}, *element[] = {owner, dot, "{", dataset, "}"};
    const char *target[] = {owner, dot, list};
    gymcc_status status;
    int i;
    gymcc__begin(client);
    if (!list || !*list || !dataset || !*dataset || n_tensors < 1)
        return gymcc__fail(client, GYMCC_BAD_ARGUMENT, "names of a list and a dataset, and a tensor, are needed");
    for (i = 0; i < n_tensors; i++)
        if ((status = gymcc__check_tensor(client, tensors + i, "tensor", i))) return status;
    gymcc__head(client, '*', 2);
    gymcc__text(client, "DEL");
    gymcc__joined(client, meta, 5);
    gymcc__head(client, '*', 4);
    gymcc__text(client, "HMSET");
    gymcc__joined(client, meta, 5);
    gymcc__tensor_names(client, names, n_tensors);
    for (i = 0; i < n_tensors; i++) {
        const char *key[] = {owner, dot, "{", dataset, "}.", names[i]};
        gymcc__head(client, '*', 5 + (size_t)tensors[i].ndim);
        gymcc__text(client, "AI.TENSORSET");
        gymcc__joined(client, key, 6);
        gymcc__tensor(client, tensors + i);
    }
    gymcc__head(client, '*', 4);
    gymcc__text(client, "HSET");
    gymcc__joined(client, meta, 5);
    gymcc__text(client, ".COMPLETE");
    gymcc__text(client, "1");
    gymcc__head(client, '*', 3);
    gymcc__text(client, "RPUSH");
    gymcc__joined(client, target, 3);
    gymcc__joined(client, element, 5);
    status = gymcc__call(client, 4 + (size_t)n_tensors, "upload", 0);
    return status ? status : gymcc__refusal(client, "upload");
}

gymcc_status gymcc_command(gymcc_client *client, int n_parts, const char *const *parts, const size_t *sizes,
                           const gymcc_reply **reply) {
    gymcc_status status;
    int i;
    gymcc__begin(client);
    if (n_parts < 1) return gymcc__fail(client, GYMCC_BAD_ARGUMENT, "a command needs a name");
    gymcc__head(client, '*', (size_t)n_parts);
    for (i = 0; i < n_parts; i++) gymcc__part(client, parts[i], sizes ? sizes[i] : strlen(parts[i]));
    status = gymcc__call(client, 1, "command", 0);
    if (status || (status = gymcc__refusal(client, sizes ? "command" : parts[0]))) return status;
    *reply = client->replies;
    return GYMCC_OK;
}

#endif /* GYMCC_IMPLEMENTED */
#endif /* GYMCC_IMPLEMENTATION */
