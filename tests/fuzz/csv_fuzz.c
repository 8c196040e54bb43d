/* A CSV source. Promises: names in the header, as many cells as rows and columns say, all within the file's bytes; or
 * a reason. */
#include <string.h>

#include "generators/csv_source.h"
#include "target.h"

static void check(const struct csv_source *source, size_t size)
{
    fuzz_require(source->rows > 0 && source->n_columns > 0);
    for (size_t i = 0; i < source->n_columns; i++)
        fuzz_require(*source->columns[i]);
    size_t cells = (size_t)source->rows * source->n_columns, bytes = 0;
    for (size_t i = 0; i < cells; i++) {
        const struct value *cell = &source->cells[i];
        fuzz_require(cell->type == VALUE_TEXT);
        fuzz_require(cell->text.data >= source->bytes && cell->text.data + cell->text.len <= source->bytes + size);
        for (size_t k = 0; k < cell->text.len; k++)
            bytes += cell->text.data[k] != '\0';
    }
    fuzz_require(bytes < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char path[] = FUZZ_FOLDER "/fuzz.csv";
    struct csv_source *source = NULL;
    struct err err = {0};
    fuzz_serve(path, data, size);
    bool good = csv_source_open(path, &source, &err);
    fuzz_forget();
    if (good)
        check(source, size);
    else
        fuzz_require(!source && err.kind != ERR_NONE && *err.text);
    csv_source_close(source);
    return 0;
}
