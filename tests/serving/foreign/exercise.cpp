// Does all that the C++ client can at the address in the first argument, and writes what it sees.
#define GYMCC_IMPLEMENTATION
#include "gymcc.hpp"

#include <iostream>

template <typename T> static bool survives(gymcc::Client &client, const std::vector<T> &data) {
    const gymcc::Tensor<T> tensor{{1, static_cast<std::int64_t>(data.size())}, data};
    client.put_tensor("cpp", tensor);
    const gymcc::Tensor<T> back = client.get_tensor<T>("cpp");
    return back.shape == tensor.shape && back.data == tensor.data;
}

template <typename Work> static void guarded(Work work) {
    try {
        work();
        std::cout << "no error\n";
    } catch (const gymcc::Error &error) {
        std::cout << gymcc_status_name(error.status) << ' ' << error.what() << '\n';
    }
}

static void refusals(gymcc::Client &client) {
    guarded([&] { client.get_tensor<float>("nothing-here"); });
    guarded([&] { client.put_tensor("x", gymcc::Tensor<float>{{2}, {1}}); });
    guarded([&] { client.decide("nobody", {1}, {1}); });
    guarded([&] {
        client.put_tensor("cpp", gymcc::Tensor<float>{{1}, {1}});
        client.get_tensor<double>("cpp");
    });
    guarded([] { gymcc::Client("unix:///none", 0.2); });
}

int main(int, char **arguments) {
    gymcc::Client opened(arguments[1], 20.0);
    gymcc::Client client(std::move(opened));
    std::cout << survives<float>(client, {0, 1.5f, -2}) << survives<double>(client, {0, 1.5, -2})
              << survives<std::int8_t>(client, {0, -2}) << survives<std::int16_t>(client, {0, -2})
              << survives<std::int32_t>(client, {0, -2}) << survives<std::int64_t>(client, {0, -2})
              << survives<std::uint8_t>(client, {0, 254}) << survives<std::uint16_t>(client, {0, 65534}) << '\n';
    const gymcc::Tensor<float> samples{{2, 3}, {1, 2, 3, 4, 5, 6}};
    const gymcc::Tensor<std::int64_t> targets{{2}, {7, 8}};
    client.upload("plus", "training_data", "training_samples_0",
                  {{"samples", samples.view()}, {"targets", targets.view()}});
    refusals(client);
}
