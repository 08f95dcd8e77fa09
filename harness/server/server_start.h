/*
 * The parts of a start that a supervisor does once a try: a port, files, arguments.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SERVER_START_H
#define HARNESS_SERVER_SERVER_START_H

#include "harness/server/supervisor.h"

/* Own, reserve or leave open the port, as .port says. */
ASSAY_CHECKED
bool hn_start_port(struct hn_supervisor *sup, struct pf_err *err);

/* Write its files, launch it, and open its log. */
ASSAY_CHECKED
bool hn_start_process(struct hn_supervisor *sup, struct pf_err *err);

#endif
