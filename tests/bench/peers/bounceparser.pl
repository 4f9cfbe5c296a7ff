# Mails of a folder through Mail::DeliveryStatus::BounceParser: how many, how many it found.
use strict;
use warnings;
use Mail::DeliveryStatus::BounceParser;

my ($mails, $found) = (0, 0);
for my $path (glob "$ARGV[0]/*") {
    open my $file, '<', $path or die "$path: $!";
    my $text = do { local $/; <$file> };
    close $file;
    # Some mails make it die; they count as read.
    my $bounce = eval { Mail::DeliveryStatus::BounceParser->new($text) };
    $mails++;
    $found += $bounce->reports if $bounce;
}
print "$mails $found\n";
