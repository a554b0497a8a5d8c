package perdure.template;

/** What a template can call: a macro, a method, a global function, a loop. */
interface Callable {
    Object call(Arguments arguments, Budget budget);
}
