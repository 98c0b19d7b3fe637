/* A library whose constructor calls back into the program that it is loaded into: for programs that have a function for it. */
void run_early(int argc, char **argv) __attribute__((weak));

__attribute__((constructor)) static void construct(int argc, char **argv)
{
    if (run_early != 0)
        run_early(argc, argv);
}
