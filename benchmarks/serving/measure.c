/* How fast a server answers clients that use gymcc.h:
 *
 *     measure ADDRESS KIND MODEL CLIENTS CONNECTIONS WARM_UP SECONDS
 *
 * CLIENTS processes send requests of KIND one after the other: at first for WARM_UP seconds, which may be 0, then for
 * SECONDS, which are measured. With CONNECTIONS above 1 each has so many requests under way, every one on a connection
 * of its own. It writes {"requests": measured, "sent": with the warm-up, "p50_us": …, "p95_us": …}. */
#define GYMCC_IMPLEMENTATION
#include "gymcc.h"

#include <sys/wait.h>

enum { INPUTS = 128, OUTPUTS = 64, MOST_CLIENTS = 64, MOST_CONNECTIONS = 256 };
#define ANSWER_SECONDS 10.0

typedef struct plan {
    const char *address, *model;
    int connections;
    double begin, end; /* of what is measured, on gymcc__now()'s clock, which all processes share */
    gymcc_status (*request)(gymcc_client *client, const char *model);
} plan;

typedef struct times {
    float *micros;
    size_t size, room, sent;
} times;

static float observation[INPUTS];
static char key[32]; /* of this process */

/* -- Kinds of requests ------------------------------------------------------------------------------------------- */

static gymcc_status decide(gymcc_client *client, const char *model) {
    gymcc_tensor input = {GYMCC_FLOAT, 2, {1, INPUTS}, NULL}, output;
    gymcc_status status;
    input.data = observation;
    status = gymcc_infer(client, model, &input, 1, &output, 1);
    if (!status && gymcc__tensor_size(&output) != OUTPUTS * sizeof(float))
        return gymcc__fail(client, GYMCC_BAD_ANSWER, "the model has not %d outputs", OUTPUTS);
    return status;
}

/* The observation's bytes into a Redis and back. */
static gymcc_status set_get(gymcc_client *client, const char *model) {
    const char *set[] = {"SET", key, (const char *)observation}, *get[] = {"GET", key};
    size_t sizes[] = {3, strlen(key), sizeof observation};
    const gymcc_reply *reply;
    gymcc_status status = gymcc_command(client, 3, set, sizes, &reply);
    (void)model;
    if (!status) status = gymcc_command(client, 2, get, NULL, &reply);
    if (!status && reply->size != sizeof observation)
        return gymcc__fail(client, GYMCC_BAD_ANSWER, "GET gave other bytes than SET took");
    return status;
}

/* The same in one write. */
static gymcc_status set_get_together(gymcc_client *client, const char *model) {
    gymcc_status status;
    (void)model;
    gymcc__begin(client);
    gymcc__head(client, '*', 3);
    gymcc__text(client, "SET");
    gymcc__text(client, key);
    gymcc__part(client, observation, sizeof observation);
    gymcc__head(client, '*', 2);
    gymcc__text(client, "GET");
    gymcc__text(client, key);
    status = gymcc__call(client, 2, "SET and GET", 1);
    if (status || (status = gymcc__refusal(client, "SET and GET"))) return status;
    if (client->replies[1].size != sizeof observation)
        return gymcc__fail(client, GYMCC_BAD_ANSWER, "GET gave other bytes than SET took");
    return GYMCC_OK;
}

/* Write client->out. */
static gymcc_status put(gymcc_client *client) {
    size_t written = 0;
    while (written < client->out.size) {
        ssize_t size = send(client->socket, client->out.data + written, client->out.size - written, GYMCC__NO_SIGNAL);
        if (size > 0) written += (size_t)size;
        else if (errno != EAGAIN && errno != EINTR) return gymcc__fail(client, GYMCC_BROKEN, "%s", strerror(errno));
        else if (!gymcc__wait(client, POLLOUT)) return gymcc__fail(client, GYMCC_TIMED_OUT, "it takes no request");
    }
    return GYMCC_OK;
}

/* Read what has come, at least a byte. */
static gymcc_status take(gymcc_client *client) {
    ssize_t size;
    if (!gymcc__reserve(&client->in, 4096)) return gymcc__out_of_memory(client);
    do {
        if (!gymcc__wait(client, POLLIN)) return gymcc__fail(client, GYMCC_TIMED_OUT, "no answer in time");
        size = recv(client->socket, client->in.data + client->in.size, client->in.room - client->in.size - 1, 0);
    } while (size < 0 && (errno == EAGAIN || errno == EINTR));
    if (size <= 0) return gymcc__fail(client, GYMCC_BROKEN, "the connection broke");
    client->in.size += (size_t)size;
    client->in.data[client->in.size] = 0;
    return GYMCC_OK;
}

/* The observation as the body of a POST, the answer as that of its reply. */
static gymcc_status http(gymcc_client *client, const char *model) {
    char head[160];
    const char *body = NULL;
    gymcc_status status;
    gymcc__begin(client);
    snprintf(head, sizeof head, "POST /%.60s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", model,
             sizeof observation);
    gymcc__append(client, head, strlen(head));
    gymcc__append(client, observation, sizeof observation);
    if ((status = gymcc__connected(client)) || (status = put(client))) return status;
    client->in.size = 0;
    while (!body || client->in.size - (size_t)(body - client->in.data) < OUTPUTS * sizeof(float)) {
        if ((status = take(client))) return status;
        if (client->in.size > 12 && memcmp(client->in.data, "HTTP/1.1 200", 12))
            return gymcc__fail(client, GYMCC_REFUSED, "%.40s", client->in.data);
        if ((body = strstr(client->in.data, "\r\n\r\n"))) body += 4;
    }
    return GYMCC_OK;
}

/* -- One client -------------------------------------------------------------------------------------------------- */

/* gymcc_open(), without its PING. */
static gymcc_client *opened(const char *address) {
    gymcc_client *client = (gymcc_client *)calloc(1, sizeof *client);
    if (!client || !(client->address = gymcc__duplicate(address))) return NULL;
    gymcc__name(client);
    client->socket = -1;
    client->seconds = ANSWER_SECONDS;
    return client;
}

static int note(const plan *plan, times *times, double sent, double answered) {
    times->sent++;
    if (answered < plan->begin || (answered >= plan->end && times->size)) return 1; /* one at least, however late */
    if (times->size == times->room) {
        times->room = times->room ? 2 * times->room : 1 << 16;
        times->micros = (float *)realloc(times->micros, times->room * sizeof *times->micros);
        if (!times->micros) return 0;
    }
    times->micros[times->size++] = (float)((answered - sent) * 1e6);
    return 1;
}

static int one_by_one(const plan *plan, times *times, gymcc_client *client) {
    double begin, end;
    do {
        begin = gymcc__now();
        if (plan->request(client, plan->model)) return 0;
        end = gymcc__now();
        if (!note(plan, times, begin, end)) return 0;
    } while (end < plan->end);
    return 1;
}

/* Once more what each client asked last, all at a time; answers have the length that they had. */
static int together(const plan *plan, times *times, gymcc_client **clients) {
    double sent[MOST_CONNECTIONS], answered = 0;
    size_t length = clients[0]->in.size;
    int i;
    while (answered < plan->end) {
        for (i = 0; i < plan->connections; i++) {
            clients[i]->in.size = 0;
            sent[i] = gymcc__now();
            clients[i]->deadline = sent[i] + ANSWER_SECONDS;
            if (put(clients[i])) return 0;
        }
        for (i = 0; i < plan->connections; i++) {
            while (clients[i]->in.size < length)
                if (take(clients[i])) return 0;
            answered = gymcc__now();
            if (clients[i]->in.size > length || memcmp(clients[i]->in.data, "+OK\r\n+OK\r\n*", 11))
                return gymcc__fail(clients[i], GYMCC_BAD_ANSWER, "%.60s", clients[i]->in.data), 0;
            if (!note(plan, times, sent[i], answered)) return 0;
        }
    }
    return 1;
}

/* Run the plan and write the times to `pipe`; the exit status. */
static int client_of(const plan *plan, int pipe) {
    gymcc_client *clients[MOST_CONNECTIONS];
    times times = {NULL, 0, 0, 0};
    FILE *out = fdopen(pipe, "w");
    int i, done = out != NULL;
    snprintf(key, sizeof key, "measured-%ld", (long)getpid());
    for (i = 0; i < plan->connections; i++) {
        if (!(clients[i] = opened(plan->address))) return 1;
        if (plan->request(clients[i], plan->model)) done = 0;
        times.sent++;
        if (!done) break;
    }
    if (done) done = plan->connections > 1 ? together(plan, &times, clients) : one_by_one(plan, &times, clients[0]);
    for (i = 0; !done && i < plan->connections && clients[i]; i++)
        if (*gymcc_message(clients[i])) return fprintf(stderr, "%s\n", gymcc_message(clients[i])), 1;
    if (!done || fwrite(&times.sent, sizeof times.sent, 1, out) != 1) return 1;
    return fwrite(times.micros, sizeof *times.micros, times.size, out) != times.size || fclose(out);
}

/* -- All of them ------------------------------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* What a client wrote, added to `all`. */
static int gather(times *all, int pipe) {
    FILE *in = fdopen(pipe, "r");
    size_t sent, got;
    if (!in || fread(&sent, sizeof sent, 1, in) != 1) return 0;
    all->sent += sent;
    do {
        if (all->room - all->size < 1 << 16) {
            all->room = 2 * all->room + (1 << 17);
            all->micros = (float *)realloc(all->micros, all->room * sizeof *all->micros);
            if (!all->micros) return 0;
        }
        got = fread(all->micros + all->size, sizeof *all->micros, 1 << 16, in);
        all->size += got;
    } while (got);
    fclose(in);
    return 1;
}

static int run(const plan *plan, int clients) {
    int pipes[MOST_CLIENTS][2], i, status, failed = 0;
    times all = {NULL, 0, 0, 0};
    for (i = 0; i < clients; i++) {
        pid_t child;
        if (pipe(pipes[i]) || (child = fork()) < 0) return perror("measure"), 1;
        if (!child) _exit(client_of(plan, pipes[i][1]));
        close(pipes[i][1]);
    }
    for (i = 0; i < clients; i++) failed |= !gather(&all, pipes[i][0]);
    while (wait(&status) > 0) failed |= status != 0;
    if (failed) return 1;
    qsort(all.micros, all.size, sizeof *all.micros, by_size);
    printf("{\"requests\": %zu, \"sent\": %zu, \"p50_us\": %.3f, \"p95_us\": %.3f}\n", all.size, all.sent,
           (double)all.micros[all.size / 2], (double)all.micros[all.size * 95 / 100]);
    return 0;
}

int main(int n_arguments, char **arguments) {
    static const struct {
        const char *name;
        gymcc_status (*request)(gymcc_client *client, const char *model);
    } kinds[] = {{"decide", decide}, {"set-get", set_get}, {"set-get-together", set_get_together}, {"http", http}};
    plan plan;
    int clients, i;
    if (n_arguments != 8) return fprintf(stderr, "expected ADDRESS KIND MODEL CLIENTS CONNECTIONS WARM_UP SECONDS\n"), 2;
    memset(&plan, 0, sizeof plan);
    plan.address = arguments[1], plan.model = arguments[3];
    for (i = 0; i < 4; i++)
        if (!strcmp(arguments[2], kinds[i].name)) plan.request = kinds[i].request;
    clients = atoi(arguments[4]), plan.connections = atoi(arguments[5]);
    plan.begin = gymcc__now() + atof(arguments[6]), plan.end = plan.begin + atof(arguments[7]);
    if (!plan.request || clients < 1 || clients > MOST_CLIENTS || plan.connections < 1 ||
        plan.connections > MOST_CONNECTIONS || (plan.connections > 1 && plan.request != decide))
        return fprintf(stderr, "no such measurement\n"), 2;
    for (i = 0; i < INPUTS; i++) observation[i] = (float)(i % 7) - 3;
    return run(&plan, clients);
}
