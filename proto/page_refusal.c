/* SPDX-License-Identifier: EUPL-1.2 */
/* A refusal, for whoever looks at the auditor's page with a browser: as a page. */
#include <string.h>

#include "proto/page.h"

#define PAGE_PLACE "audit" /* the first segment of the page's paths */
#define PAGE_PROBLEM "application/problem+json"

const char page_refusal_style[] =
    "body{margin:0;background:#f5f4f0;color:#1d2733;font:1.0625rem/1.6 system-ui,sans-serif}"
    "main{max-width:38rem;margin:4rem auto;padding:2rem 2.5rem;background:#fff;"
    "border-top:.35rem solid #14456b}"
    "h1,h2{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25}"
    "section+section{margin-top:2rem;padding-top:2rem;border-top:1px solid #c9c6bd}"
    "a{color:#14456b}small{color:#55606c}";

/* The hash is of the style above; a test holds them together. */
const char page_refusal_policy[] =
    "default-src 'none'; style-src 'sha256-wibzr+xgYayUxdXdtxKAJHu4MyyApOo+gLQuo44Cl60='; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* What is read in English stands in the table of problems. */
static const struct dutch {
    const char *slug; /* NULL: any other */
    const char *title;
    const char *text;
} in_dutch[] = {
    {"certificate-required", "Een certificaat is nodig",
     "Deze pagina is er voor toezichthouders die zich met een clientcertificaat bekendmaken. De "
     "browser heeft er geen aangeboden. Installeer het certificaat in de browser, sluit de "
     "browser, en open deze pagina opnieuw."},
    {"unknown-party", "Onbekende partij",
     "Het certificaat bevat geen OIN, of een OIN dat niet op deze index is aangesloten."},
    {"party-suspended", "Partij geschorst", "De beheerder heeft deze partij geschorst."},
    {"agreement-ended", "Geen lopende overeenkomst",
     "De partij heeft geen lopende overeenkomst met een gemeente."},
    {"role-missing", "Alleen voor toezichthouders",
     "Deze pagina is er voor partijen met de rol van toezichthouder (auditor). De partij van dit "
     "certificaat heeft die rol niet. Deze weigering staat in het logboek."},
    {"not-permitted", "Niet toegestaan",
     "Een andere website heeft dit gevraagd. Open deze pagina zelf, door het adres in te typen."},
    {"not-found", "Niet gevonden", "Hier is niets. De pagina voor toezichthouders staat op:"},
    {"rate-limited", "Te veel verzoeken",
     "De limiet van deze minuut is bereikt. Probeer het straks opnieuw."},
    {"overloaded", "Te druk", "Probeer het straks opnieuw."},
    {NULL, "Dit lukt niet", "Het verzoek is niet uitgevoerd."},
};

static const struct dutch *find_dutch(const char *slug)
{
    const struct dutch *found = in_dutch;
    while (found->slug != NULL && strcmp(found->slug, slug) != 0) {
        found++;
    }
    return found;
}

static bool is_about_page(const struct exchange *x)
{
    return x->options.face == API_PUBLIC && x->target.segment_count > 0 &&
           x->target.segments[0].length == sizeof(PAGE_PLACE) - 1 &&
           memcmp(x->target.segments[0].text, PAGE_PLACE, sizeof(PAGE_PLACE) - 1) == 0;
}

/* The texts come from tables of ours; escaped all the same, as nothing else keeps it so. */
static const char *escape(struct exchange *x, const char *text)
{
    enum { LONGEST = 5 }; /* "&amp;" */
    char *out = exchange_new_memory(x, strlen(text) * LONGEST + 1);
    char *at = out;
    for (; out != NULL && *text != '\0'; text++) {
        const char *as = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : NULL;
        at = as != NULL ? stpcpy(at, as) : at;
        if (as == NULL) {
            *at++ = *text;
        }
    }
    if (out != NULL) {
        *at = '\0';
    }
    return out;
}

bool page_refuse(struct exchange *x, const struct problem *problem, const char *detail)
{
    if (!is_about_page(x) || !negotiate_prefers(&x->request, PAGE_HTML, PAGE_PROBLEM)) {
        return false;
    }
    const struct dutch *dutch = find_dutch(problem->slug);
    const char *english = escape(x, detail != NULL ? detail : problem->detail);
    const char *link =
        problem->status == 404 ? "<p><a href=\"/" PAGE_PLACE "/\">/" PAGE_PLACE "/</a></p>" : "";
    if (english == NULL) {
        return false;
    }
    const char *text = arena_print(
        &x->scratch,
        "<!doctype html>\n<html lang=\"nl\">\n<head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<title>%s · Verwijsindex</title><style>%s</style></head>\n<body><main>"
        "<section><h1>%s</h1><p>%s</p>%s</section>\n"
        "<section lang=\"en\"><h2>%s</h2><p>%s</p>%s<p><small>%d %s</small></p></section>"
        "</main></body>\n</html>\n",
        dutch->title, page_refusal_style, dutch->title, dutch->text, link, problem->title, english,
        link, problem->status, problem->slug);
    if (text == NULL) {
        return false;
    }
    exchange_set_text(x, problem->status, PAGE_HTML, text, strlen(text));
    http_response_header(&x->response, "Content-Security-Policy", page_refusal_policy);
    http_response_header(&x->response, "Referrer-Policy", "no-referrer");
    return true;
}
