/*
 * A test that survives the failure of any call it makes: what a torture run asks for.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <unistd.h>

#include "sample_db.h"

Test(torture, opening_survives_every_failure)
{
    struct db *db = db_open("/dev/null");

    db_close(db);
}
