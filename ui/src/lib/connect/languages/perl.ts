import type { Language } from '../language';
import { perlLiteral as quote } from '../quote';
import { streamUrl, topicUrl } from '../url';

export const perl: Language = {
  id: 'perl',
  name: 'Perl',
  requires: 'Perl 5.14 or later, and nothing else.',
  snippet: {
    publish: ({ base, topic, message }) => `\
use strict;
use warnings;
use HTTP::Tiny;

my $url = ${quote(topicUrl(base, topic))};
my $message = ${quote(message)};
my $answer = HTTP::Tiny->new->put($url, { content => $message });
die "$answer->{status}: $answer->{content}" unless $answer->{success};
`,
    follow: ({ base, topic }) => `\
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

$| = 1;
binmode STDOUT, ":encoding(UTF-8)";

my $text = "";
my $answer = HTTP::Tiny->new->get(${quote(streamUrl(base, topic))}, {
    headers       => { Accept => "application/x-ndjson" },
    data_callback => sub {
        $text .= $_[0];
        while ($text =~ s/^(.*)\\n//) {
            next if $1 eq "";    # a sign of life
            print decode_json($1)->{message}, "\\n";
        }
    },
});
die "$answer->{status}: $answer->{content}" unless $answer->{success};
`,
    value: ({ base, topic }) => `\
use strict;
use warnings;
use HTTP::Tiny;

my $answer = HTTP::Tiny->new->get(${quote(topicUrl(base, topic))});
die "$answer->{status}: $answer->{content}" unless $answer->{success};
print $answer->{content}, "\\n";
`,
  },
};
