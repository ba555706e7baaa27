/* Ask a published policy for a decision:
 *
 *     cc -std=c99 -O2 -o decide decide.c
 *     decide ADDRESS POLICY < state
 *
 * `state`: how many numbers the observation has, those, how many actions there are, and 1 or 0 for each, legal or not.
 * It writes the action's number and the scores of all. */
#define GYMCC_IMPLEMENTATION
#include "gymcc.h"

static float *read_numbers(size_t *count) {
    float *numbers;
    size_t i;
    if (scanf("%zu", count) != 1 || !*count || !(numbers = (float *)malloc(*count * sizeof *numbers))) return NULL;
    for (i = 0; i < *count; i++)
        if (scanf("%f", numbers + i) != 1) {
            free(numbers);
            return NULL;
        }
    return numbers;
}

static int decide(gymcc_client *client, const char *policy) {
    size_t n_observation = 0, n_actions = 0, i;
    float *observation = read_numbers(&n_observation), *mask = read_numbers(&n_actions);
    float *scores = (float *)malloc((n_actions + 1) * sizeof *scores);
    int action = -1, failed = !observation || !mask || !scores;
    if (failed) {
        fprintf(stderr, "the input is not COUNT OBSERVATION... COUNT MASK...\n");
    } else if (gymcc_decide(client, policy, observation, n_observation, mask, n_actions, &action, scores)) {
        fprintf(stderr, "%s\n", gymcc_message(client));
        failed = 1;
    } else {
        printf("%d\n", action);
        for (i = 0; i < n_actions; i++) printf("%.9g\n", (double)scores[i]);
    }
    free(observation);
    free(mask);
    free(scores);
    return failed;
}

int main(int n_arguments, char **arguments) {
    gymcc_client *client = NULL;
    int failed = 1;
    if (n_arguments != 3) {
        fprintf(stderr, "usage: %s ADDRESS POLICY < state\n", arguments[0]);
        return 2;
    }
    if (gymcc_open(&client, arguments[1], NULL, 5.0)) fprintf(stderr, "%s\n", gymcc_message(client));
    else failed = decide(client, arguments[2]);
    gymcc_close(client);
    return failed;
}
