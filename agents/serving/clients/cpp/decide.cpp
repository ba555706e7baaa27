// Ask a published policy for a decision:
//
//     c++ -std=c++17 -O2 -I../c -o decide decide.cpp
//     decide ADDRESS POLICY < state
//
// `state`: how many numbers the observation has, those, how many actions there are, and 1 or 0 for each, legal or not.
// It writes the action's number and the scores of all.
#define GYMCC_IMPLEMENTATION
#include "gymcc.hpp"

#include <iomanip>
#include <iostream>

static std::vector<float> read_numbers() {
    std::size_t count = 0;
    std::cin >> count;
    std::vector<float> numbers(std::cin ? count : 0);
    for (float &number : numbers) std::cin >> number;
    if (!std::cin) throw std::invalid_argument("the input is not COUNT OBSERVATION... COUNT MASK...");
    return numbers;
}

int main(int n_arguments, char **arguments) {
    if (n_arguments != 3) {
        std::cerr << "usage: " << arguments[0] << " ADDRESS POLICY < state\n";
        return 2;
    }
    try {
        gymcc::Client client(arguments[1]);
        const std::vector<float> observation = read_numbers(), mask = read_numbers();
        const gymcc::Decision decision = client.decide(arguments[2], observation, mask);
        std::cout << decision.action << '\n' << std::setprecision(9);
        for (float score : decision.scores) std::cout << score << '\n';
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
