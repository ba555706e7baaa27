/* Does with the C client what its first argument says, at the address that its second says. */
#define GYMCC_IMPLEMENTATION
#include "gymcc.h"

static int failed(gymcc_client *client, gymcc_status status) {
    if (status) printf("%s %s\n", gymcc_status_name(status), gymcc_message(client));
    return status != GYMCC_OK;
}

static void print_reply(const gymcc_reply *reply, int depth) {
    size_t i;
    printf("%*s", depth, "");
    switch (reply->kind) {
        case GYMCC_NIL: printf("nil\n"); break;
        case GYMCC_INTEGER: printf("%lld\n", (long long)reply->integer); break;
        case GYMCC_ARRAY: printf("%zu:\n", reply->size); break;
        default: printf("%.*s\n", (int)reply->size, reply->text);
    }
    for (i = 0; reply->kind == GYMCC_ARRAY && i < reply->size; i++) print_reply(gymcc_item(reply, i), depth + 1);
}

/* Tensors of every type, through put and get. */
static int types(gymcc_client *client) {
    static const float floats[] = {0, 1.5f, -2};
    static const double doubles[] = {0, 1.5, -2};
    static const int8_t bytes[] = {0, 1, -2};
    static const int16_t shorts[] = {0, 1, -2};
    static const int32_t ints[] = {0, 1, -2};
    static const int64_t longs[] = {0, 1, -2};
    static const uint8_t ubytes[] = {0, 1, 254};
    static const uint16_t ushorts[] = {0, 1, 65534};
    const void *data[] = {floats, doubles, bytes, shorts, ints, longs, ubytes, ushorts};
    const size_t sizes[] = {4, 8, 1, 2, 4, 8, 1, 2};
    int i;
    for (i = 0; i < 8; i++) {
        gymcc_tensor put = {GYMCC_FLOAT, 2, {1, 3}, NULL}, got;
        char key[16];
        put.dtype = (gymcc_dtype)i;
        put.data = data[i];
        snprintf(key, sizeof key, "c%d", i);
        if (failed(client, gymcc_put_tensor(client, key, &put))) return 1;
        if (failed(client, gymcc_get_tensor(client, key, &got))) return 1;
        if (got.dtype != put.dtype || got.ndim != 2 || got.shape[0] != 1 || got.shape[1] != 3 ||
            memcmp(got.data, put.data, 3 * sizes[i]))
            printf("type %d differs\n", i);
    }
    return 0;
}

/* One tensor larger than any buffer, there and back. */
static int large(gymcc_client *client) {
    size_t count = 1 << 20, i;
    int64_t *numbers = (int64_t *)malloc(count * sizeof *numbers);
    gymcc_tensor put = {GYMCC_INT64, 1, {1 << 20}, numbers}, got;
    int wrong = 0;
    for (i = 0; i < count; i++) numbers[i] = (int64_t)(i * i);
    if (!failed(client, gymcc_put_tensor(client, "clarge", &put)) &&
        !failed(client, gymcc_get_tensor(client, "clarge", &got)))
        wrong = memcmp(got.data, numbers, count * sizeof *numbers) != 0;
    printf(wrong ? "differs\n" : "same\n");
    free(numbers);
    return 0;
}

static int upload(gymcc_client *client) {
    static const float samples[] = {1, 2, 3, 4, 5, 6};
    static const int64_t targets[] = {7, 8};
    const char *names[] = {"samples", "targets"};
    gymcc_tensor tensors[] = {{GYMCC_FLOAT, 2, {2, 3}, samples}, {GYMCC_INT64, 1, {2}, targets}};
    return failed(client, gymcc_upload(client, "worker", "training_data", "training_samples_0", names, tensors, 2));
}

static int refusals(gymcc_client *client) {
    gymcc_tensor tensor = {GYMCC_FLOAT, 0, {0}, NULL}, output;
    const char *unknown[] = {"NO.SUCH", "x"};
    float one = 1;
    int action;
    const gymcc_reply *reply;
    failed(client, gymcc_get_tensor(client, "nothing-here", &output));
    failed(client, gymcc_put_tensor(client, "x", &tensor));
    failed(client, gymcc_decide(client, "nobody", &one, 1, &one, 1, &action, NULL));
    failed(client, gymcc_decide(client, "mm", &one, 1, &one, 1, &action, NULL));
    failed(client, gymcc_command(client, 2, unknown, NULL, &reply));
    return 0;
}

static int command(gymcc_client *client, int n, char **parts) {
    const gymcc_reply *reply;
    if (failed(client, gymcc_command(client, n, (const char *const *)parts, NULL, &reply))) return 1;
    print_reply(reply, 0);
    return 0;
}

/* The same command once for each line of the input. */
static int repeat(gymcc_client *client, int n, char **parts) {
    while (getchar() != EOF) {
        command(client, n, parts);
        fflush(stdout);
    }
    return 0;
}

static int run(gymcc_client *client, const char *what, int n, char **rest) {
    if (!strcmp(what, "types")) return types(client);
    if (!strcmp(what, "large")) return large(client);
    if (!strcmp(what, "upload")) return upload(client);
    if (!strcmp(what, "refusals")) return refusals(client);
    if (!strcmp(what, "command")) return command(client, n, rest);
    if (!strcmp(what, "repeat")) return repeat(client, n, rest);
    return 2;
}

int main(int n_arguments, char **arguments) {
    gymcc_client *client = NULL;
    int code = 1;
    if (n_arguments < 4) return 2;
    if (!failed(client, gymcc_open(&client, *arguments[2] ? arguments[2] : NULL, NULL, atof(arguments[3]))))
        code = run(client, arguments[1], n_arguments - 4, arguments + 4);
    else printf("%s\n", gymcc_message(client));
    gymcc_close(client);
    return code;
}
