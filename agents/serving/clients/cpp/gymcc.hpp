// gymcc.hpp: the C client with C++'s types: it closes by itself, and what fails throws. C++17.
//
// In one source file, before any other header:
//
//     #define GYMCC_IMPLEMENTATION
//     #include "gymcc.hpp"
//
//     gymcc::Client client("unix:///run/gymcc.sock");
//     gymcc::Decision decision = client.decide("looptune", observation, mask);
#ifndef GYMCC_HPP
#define GYMCC_HPP

#include "gymcc.h"

#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gymcc {

// What failed; what() says what was asked, of whom, and what the server wrote.
class Error : public std::runtime_error {
  public:
    Error(gymcc_status code, const std::string &message) : std::runtime_error(message), status(code) {}
    const gymcc_status status;
};

template <typename T> constexpr gymcc_dtype dtype();
template <> constexpr gymcc_dtype dtype<float>() { return GYMCC_FLOAT; }
template <> constexpr gymcc_dtype dtype<double>() { return GYMCC_DOUBLE; }
template <> constexpr gymcc_dtype dtype<std::int8_t>() { return GYMCC_INT8; }
template <> constexpr gymcc_dtype dtype<std::int16_t>() { return GYMCC_INT16; }
template <> constexpr gymcc_dtype dtype<std::int32_t>() { return GYMCC_INT32; }
template <> constexpr gymcc_dtype dtype<std::int64_t>() { return GYMCC_INT64; }
template <> constexpr gymcc_dtype dtype<std::uint8_t>() { return GYMCC_UINT8; }
template <> constexpr gymcc_dtype dtype<std::uint16_t>() { return GYMCC_UINT16; }

// An array, row-major; the product of the shape is the number of data.
template <typename T> struct Tensor {
    std::vector<std::int64_t> shape;
    std::vector<T> data;

    // As the C client takes it; good for as long as this tensor is not changed. Throws Error.
    gymcc_tensor view() const {
        gymcc_tensor tensor = {dtype<T>(), static_cast<int>(shape.size()), {}, data.data()};
        std::size_t count = 1;
        if (shape.size() > GYMCC_MAX_DIMS) throw Error(GYMCC_BAD_ARGUMENT, "a tensor has 8 dimensions at most");
        for (std::size_t i = 0; i < shape.size(); i++) {
            tensor.shape[i] = shape[i];
            count *= static_cast<std::size_t>(shape[i]);
        }
        if (shape.empty() || count != data.size())
            throw Error(GYMCC_BAD_ARGUMENT, "a tensor's shape does not say how many data it has");
        return tensor;
    }

    // A copy of what the C client gives. Throws Error if it is of another type.
    static Tensor copy(const gymcc_tensor &tensor) {
        if (tensor.dtype != dtype<T>()) throw Error(GYMCC_BAD_ANSWER, "the tensor has another type of data");
        Tensor made{{tensor.shape, tensor.shape + tensor.ndim}, {}};
        std::size_t count = 1;
        for (std::int64_t size : made.shape) count *= static_cast<std::size_t>(size);
        made.data.resize(count);
        std::memcpy(made.data.data(), tensor.data, count * sizeof(T));
        return made;
    }
};

struct Decision {
    int action;                // the legal one with the highest score
    std::vector<float> scores; // of all
};

// A connection; for one thread. Every call ends within `seconds`, and throws Error.
class Client {
  public:
    // Without an address the environment variable SSDB says it, without a password GYMCC_PASSWORD.
    explicit Client(const char *address = nullptr, double seconds = 5.0, const char *password = nullptr) {
        gymcc_client *opened = nullptr;
        gymcc_status status = gymcc_open(&opened, address, password, seconds);
        client_.reset(opened);
        check(status);
    }

    // What a published policy decides; `mask`: 1 where an action is legal, 0 elsewhere.
    Decision decide(const std::string &policy, const std::vector<float> &observation, const std::vector<float> &mask) {
        Decision decision{-1, std::vector<float>(mask.size())};
        check(gymcc_decide(client_.get(), policy.c_str(), observation.data(), observation.size(), mask.data(),
                           mask.size(), &decision.action, decision.scores.data()));
        return decision;
    }

    // The outputs of a model, all of type T, for views of its inputs in the model's order.
    template <typename T>
    std::vector<Tensor<T>> infer(const std::string &model, const std::vector<gymcc_tensor> &inputs, int outputs = 1) {
        std::vector<gymcc_tensor> found(static_cast<std::size_t>(outputs > 0 ? outputs : 0));
        check(gymcc_infer(client_.get(), model.c_str(), inputs.data(), static_cast<int>(inputs.size()), found.data(),
                          outputs));
        std::vector<Tensor<T>> copies;
        for (const gymcc_tensor &tensor : found) copies.push_back(Tensor<T>::copy(tensor));
        return copies;
    }

    template <typename T> void put_tensor(const std::string &key, const Tensor<T> &tensor) {
        gymcc_tensor view = tensor.view();
        check(gymcc_put_tensor(client_.get(), key.c_str(), &view));
    }

    template <typename T> Tensor<T> get_tensor(const std::string &key) {
        gymcc_tensor tensor;
        check(gymcc_get_tensor(client_.get(), key.c_str(), &tensor));
        return Tensor<T>::copy(tensor);
    }

    // Store views of tensors as a dataset and append it to a list: what a trainer learns from.
    void upload(const std::string &prefix, const std::string &list, const std::string &dataset,
                const std::vector<std::pair<std::string, gymcc_tensor>> &parts) {
        std::vector<const char *> names;
        std::vector<gymcc_tensor> tensors;
        for (const auto &part : parts) names.push_back(part.first.c_str()), tensors.push_back(part.second);
        check(gymcc_upload(client_.get(), prefix.c_str(), list.c_str(), dataset.c_str(), names.data(), tensors.data(),
                           static_cast<int>(tensors.size())));
    }

  private:
    struct Closer {
        void operator()(gymcc_client *client) const { gymcc_close(client); }
    };
    std::unique_ptr<gymcc_client, Closer> client_;

    void check(gymcc_status status) const {
        if (status != GYMCC_OK) throw Error(status, gymcc_message(client_.get()));
    }
};

} // namespace gymcc

#endif // GYMCC_HPP
