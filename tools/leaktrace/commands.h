/* The commands. Each takes its own arguments (argv[0] is its name) and returns the exit status. */
#ifndef LEAKTRACE_TOOLS_COMMANDS_H
#define LEAKTRACE_TOOLS_COMMANDS_H

typedef int command(int argc, char **argv);

command cmd_diff;
command cmd_doctor;
command cmd_dump;
command cmd_export;
command cmd_flame;
command cmd_gate;
command cmd_ls;
command cmd_mark;
command cmd_report;
command cmd_run;
command cmd_trend;
command cmd_top;

#endif
