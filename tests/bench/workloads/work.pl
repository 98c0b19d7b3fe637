# Text processing: counts, sorts, joins and matches words; argument: rounds.
use strict;
use warnings;

my $length = 0;
for my $round (1 .. $ARGV[0]) {
    my (%count, %where);
    for my $i (1 .. 4000) {
        my $line = join ' ', 'line', $i, map { 'w' . ($i * $_ * $round % 1009) } 1 .. 8;
        for my $word (split / /, $line) {
            $count{$word}++;
            push @{ $where{$word} }, $i;
        }
    }
    my @ranked = sort { $count{$b} <=> $count{$a} or $a cmp $b } keys %count;
    my $text = join "\n", map { sprintf '%-8s %s', $_, join(',', @{ $where{$_} }) } @ranked;
    $text =~ s/(\d)(\d)\b/$2$1/g;
    $length += length $text;
}
print "$length\n";
