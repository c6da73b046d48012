/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intrinsics, one function each: intrinsic.c has the table and those of
 * task, time and session, intrinsic_text.c those of text and names,
 * intrinsic_world.c those of the machine, symbols.c and usym.c those of
 * addresses, eval_memory.c those of the kernel's memory, speculation.c those
 * of output that is held back.
 */
#ifndef RUN_INTRINSIC_H
#define RUN_INTRINSIC_H

#include "run/engine.h"

/* args: as many, and of the types, that intrinsic.def says. */
typedef enum step (*intrinsic_fn)(struct host *h, const struct value *args);

enum step intrinsic_kernel_str(struct host *h, const struct value *args);
enum step intrinsic_user_str(struct host *h, const struct value *args);
enum step intrinsic_task(struct host *h, const struct value *args);
enum step intrinsic_strlen(struct host *h, const struct value *args);
enum step intrinsic_substr(struct host *h, const struct value *args);
enum step intrinsic_byte(struct host *h, const struct value *args);
enum step intrinsic_char(struct host *h, const struct value *args);
enum step intrinsic_strpos(struct host *h, const struct value *args);
enum step intrinsic_strtol(struct host *h, const struct value *args);
enum step intrinsic_quoted(struct host *h, const struct value *args);
enum step intrinsic_token(struct host *h, const struct value *args);
enum step intrinsic_matched(struct host *h, const struct value *args);
enum step intrinsic_ngroups(struct host *h, const struct value *args);
enum step intrinsic_ctime(struct host *h, const struct value *args);
enum step intrinsic_errno_name(struct host *h, const struct value *args);
enum step intrinsic_flags_text(struct host *h, const struct value *args);
enum step intrinsic_flag_name(struct host *h, const struct value *args);
enum step intrinsic_flag_mask(struct host *h, const struct value *args);
enum step intrinsic_flag_value(struct host *h, const struct value *args);
enum step intrinsic_signal_name(struct host *h, const struct value *args);
enum step intrinsic_sym_name(struct host *h, const struct value *args);
enum step intrinsic_sym_data(struct host *h, const struct value *args);
enum step intrinsic_sym_module(struct host *h, const struct value *args);
enum step intrinsic_task_stack(struct host *h, const struct value *args);
enum step intrinsic_sym_line(struct host *h, const struct value *args);
enum step intrinsic_print_code(struct host *h, const struct value *args);
enum step intrinsic_usym(struct host *h, const struct value *args);
enum step intrinsic_usym_base(struct host *h, const struct value *args);
enum step intrinsic_print_ustack(struct host *h, const struct value *args);
enum step intrinsic_ustack_lines(struct host *h, const struct value *args);
enum step intrinsic_stack_lines(struct host *h, const struct value *args);
enum step intrinsic_print_stack(struct host *h, const struct value *args);
enum step intrinsic_symbol(struct host *h, const struct value *args);
enum step intrinsic_ftrace(struct host *h, const struct value *args);
enum step intrinsic_printk(struct host *h, const struct value *args);
enum step intrinsic_panic(struct host *h, const struct value *args);
enum step intrinsic_raise(struct host *h, const struct value *args);
enum step intrinsic_load(struct host *h, const struct value *args);
enum step intrinsic_module_size(struct host *h, const struct value *args);
enum step intrinsic_speculate(struct host *h, const struct value *args);
enum step intrinsic_commit(struct host *h, const struct value *args);
enum step intrinsic_discard(struct host *h, const struct value *args);

#endif
