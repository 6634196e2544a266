// A session's memory of where journal rows stand: saves a walk along many rows the descent of the
// primary key for each. Rows with ids close to one another mostly stand beside one another on one
// page, in order, so one place is remembered for 32 ids, and those of the others are guessed from
// it. Only a hint: whoever asks must look whether the row there is the one. Where guesses mostly
// fail, as many sessions write single rows at once, there are few of them.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::storage {

// Where the row may stand; false when there is nothing to guess from.
[[nodiscard]] bool guess_journal_place(std::int64_t id, ItemPointer place);

// Notes how a guess turned out.
void note_guess(bool was_right);

// Notes where the row was found without one.
void remember_journal_place(std::int64_t id, const ItemPointerData &place);

} // namespace mvm::storage
