# program: perl
# packages: perl
# workload: sorts, matches, forks, pipes, dies and handles signals
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

perl "$FILES/work.pl" || echo "status $?"
perl -e '
    my %count; $count{$_ % 97} += $_ for 1 .. 300000; print join(",", map { $count{$_} } sort { $a <=> $b } keys %count), "\n";
    my $text = join " ", map { "word$_" } 1 .. 20000; my @found = $text =~ /\bword(\d*7)\b/g; print scalar(@found), "\n";
    for my $n (1 .. 5) { my $pid = fork; if ($pid == 0) { exit $n } waitpid $pid, 0; print $? >> 8, " " } print "\n";
    local $SIG{USR1} = sub { print "signal\n" }; kill USR1 => $$;
    local $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 20; }; print $@;
    open my $pipe, "-|", "seq 5" or die; print map { $_ * 2 . "\n" } <$pipe>; close $pipe;
    sleep 3; exit 9' || echo "status $?"
