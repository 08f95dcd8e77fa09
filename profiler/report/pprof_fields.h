/*
 * Field numbers of pprof's profile.proto (github.com/google/pprof, proto/profile.proto).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_PPROF_FIELDS_H
#define PROFILER_REPORT_PPROF_FIELDS_H

enum pf_pprof_profile_field {
    PPROF_SAMPLE_TYPE = 1,
    PPROF_SAMPLE = 2,
    PPROF_MAPPING = 3,
    PPROF_LOCATION = 4,
    PPROF_FUNCTION = 5,
    PPROF_STRING = 6,
    PPROF_DROP_FRAMES = 7,
    PPROF_KEEP_FRAMES = 8,
    PPROF_TIME_NS = 9,
    PPROF_DURATION_NS = 10,
    PPROF_PERIOD_TYPE = 11,
    PPROF_PERIOD = 12,
    PPROF_COMMENT = 13,
    PPROF_DEFAULT_TYPE = 14,
    PPROF_DOC_URL = 15,
};

enum pf_pprof_value_type_field { PPROF_TYPE_TYPE = 1, PPROF_TYPE_UNIT = 2 };

enum pf_pprof_sample_field {
    PPROF_SAMPLE_LOCATIONS = 1,
    PPROF_SAMPLE_VALUES = 2,
    PPROF_SAMPLE_LABEL = 3
};

enum pf_pprof_label_field {
    PPROF_LABEL_KEY = 1,
    PPROF_LABEL_STR = 2,
    PPROF_LABEL_NUM = 3,
    PPROF_LABEL_NUM_UNIT = 4
};

enum pf_pprof_mapping_field {
    PPROF_MAPPING_ID = 1,
    PPROF_MAPPING_START = 2,
    PPROF_MAPPING_LIMIT = 3,
    PPROF_MAPPING_OFFSET = 4,
    PPROF_MAPPING_FILE = 5,
    PPROF_MAPPING_BUILD_ID = 6,
    PPROF_MAPPING_HAS_FUNCTIONS = 7,
    PPROF_MAPPING_HAS_FILES = 8,
    PPROF_MAPPING_HAS_LINES = 9,
    PPROF_MAPPING_HAS_INLINES = 10,
};

enum pf_pprof_location_field {
    PPROF_LOCATION_ID = 1,
    PPROF_LOCATION_MAPPING = 2,
    PPROF_LOCATION_ADDRESS = 3,
    PPROF_LOCATION_LINE = 4,
    PPROF_LOCATION_FOLDED = 5,
};

enum pf_pprof_line_field { PPROF_LINE_FUNCTION = 1, PPROF_LINE_LINE = 2 };

enum pf_pprof_function_field {
    PPROF_FUNCTION_ID = 1,
    PPROF_FUNCTION_NAME = 2,
    PPROF_FUNCTION_SYSTEM_NAME = 3,
    PPROF_FUNCTION_FILE = 4,
    PPROF_FUNCTION_START_LINE = 5,
};

#endif
