# Mails of a folder through Sisimai: how many mails, how many bounces it found.
use strict;
use warnings;
use Sisimai;

my ($mails, $found) = (0, 0);
for my $path (glob "$ARGV[0]/*") {
    my $bounces = Sisimai->make($path);
    $mails++;
    $found += @$bounces if $bounces;
}
print "$mails $found\n";
