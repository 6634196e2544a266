// A growing array in the current memory context. Trivially destructible, so an
// error may leave it behind: its memory goes with the context.
#pragma once

#include <type_traits>

#include "domain/assert.hpp"
#include "pg/postgres.hpp"

namespace mvm::pg {

template <typename T> struct Array {
    static_assert(std::is_trivially_copyable_v<T>);
    static_assert(alignof(T) <= MAXIMUM_ALIGNOF, "palloc aligns no further");

    T *data;
    int count;
    int capacity;

    T &operator[](int i)
    {
        MVM_ASSERT(i >= 0 && i < count);
        return data[i];
    }
    T *begin() { return data; }
    T *end() { return data + count; }

    // Appends and returns the index.
    int push(const T &value)
    {
        if (count == capacity) {
            capacity = capacity == 0 ? 8 : 2 * capacity;
            const Size bytes = static_cast<Size>(capacity) * sizeof(T);
            data = static_cast<T *>(data == nullptr ? palloc(bytes) : repalloc(data, bytes));
        }
        data[count] = value;
        return count++;
    }

    // Takes the last element away and returns it.
    T pop()
    {
        MVM_ASSERT(count > 0);
        return data[--count];
    }
};

// `count` zeroed elements; at least one, so that there is always a pointer.
template <typename T> T *zeroed(int count)
{
    static_assert(std::is_trivially_copyable_v<T>);
    return static_cast<T *>(palloc0(static_cast<Size>(Max(count, 1)) * sizeof(T)));
}

} // namespace mvm::pg
