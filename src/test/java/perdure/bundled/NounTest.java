package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class NounTest {

    @Test
    void takesItsArticle() {
        assertEquals("a", Noun.article("cow"));
        assertEquals("an", Noun.article("owl"));
        assertEquals("an", Noun.article("umbrella"));
        assertEquals("a", Noun.article("unicorn"));
        assertEquals("an", Noun.article("hour"));
    }

    @Test
    void hasAPlural() {
        assertEquals("cows", Noun.plural("cow"));
        assertEquals("mice", Noun.plural("mouse"));
        assertEquals("butterflies", Noun.plural("butterfly"));
        assertEquals("monkeys", Noun.plural("monkey"));
        assertEquals("foxes", Noun.plural("fox"));
        assertEquals("polar bears", Noun.plural("polar bear"));
    }
}
