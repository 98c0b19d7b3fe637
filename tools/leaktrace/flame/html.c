/* Escaping for HTML. Owns nothing; called by page.c and plain.c. */
#include "flame/html.h"

#include "view/utf8.h"

void html_put(FILE *out, const char *text)
{
    uint32_t character;

    while ((character = utf8_next(&text)) != 0) {
        if (character == '<' || character == '>' || character == '&' || character == '"' || character == '\'')
            fprintf(out, "&#%u;", character);
        else
            utf8_put(out, utf8_is_control(character) ? UTF8_REPLACEMENT : character);
    }
}
