# Work for a traced perl: hashes, sorting, matching, a shell, a child, exceptions, a signal; it dies at the end.
use strict;
use warnings;

my %texts;
$texts{ $_ % 997 } .= "$_," for 1 .. 100000;
print join(' ', map { length $texts{$_} } sort { $a <=> $b } keys %texts), "\n";
print scalar(() = join('', values %texts) =~ /(\d)\1/g) > 0 ? "pairs\n" : "none\n";
print qx(echo from a shell);
$| = 1;
my $pid = fork();
exit 9 if $pid == 0;
waitpid $pid, 0;
print $? >> 8, "\n";
eval { die { code => 5 } };
print $@->{code}, "\n";
$SIG{USR2} = sub { print "the program's own signal\n" };
kill 'USR2', $$;
die "the end\n";
