/**
 * Chat templates: the part of Jinja that published models use, with the meaning that Python's jinja2 gives it.
 *
 * <p>A template is parsed once into a tree whose nodes evaluate themselves. What a rendering may cost is bounded, and text
 * that comes in through variables is never read as a template. It imports no other package of ours, and does not know
 * models, tokens or files.
 */
package perdure.template;
