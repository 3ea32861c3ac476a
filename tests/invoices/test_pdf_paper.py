"""Text is wrapped by its width, and blocks flow from page to page."""

from app.paper.sheet import REGULAR, Block, load_fonts, paginate, wrap


class TestWrap:
    def test_between_words(self):
        load_fonts()
        lines = wrap("Line rental for the offices in Leeds and in York", 80)
        assert len(lines) > 2
        assert " ".join(lines) == "Line rental for the offices in Leeds and in York"

    def test_inside_a_word_that_is_too_wide(self):
        load_fonts()
        lines = wrap("a " + "W" * 40 + " b", 60, font=REGULAR)
        assert lines[0] == "a"
        assert "".join(lines[1:]) == "W" * 40 + " b"

    def test_nothing(self):
        assert wrap(" \n ", 60) == []

    def test_a_width_that_holds_no_character(self):
        load_fonts()
        assert wrap("abc", 0.1) == ["a", "b", "c"]


class TestPaginate:
    @staticmethod
    def heights(pages):
        return [[block.height for block in page] for page in pages]

    @staticmethod
    def block(height, head=None):
        return Block(height, lambda _canvas, _y: None, head)

    def test_blocks_fill_pages(self):
        blocks = [self.block(height) for height in (40, 60, 30, 90, 10)]
        assert self.heights(paginate(blocks, first=100, following=120)) == [[40, 60], [30, 90], [10]]

    def test_a_block_taller_than_a_page_has_one_to_itself(self):
        blocks = [self.block(height) for height in (10, 500, 10)]
        assert self.heights(paginate(blocks, first=100, following=120)) == [[10], [500], [10]]

    def test_a_block_taller_than_what_the_first_page_leaves_goes_to_the_next(self):
        assert self.heights(paginate([self.block(110)], first=100, following=120)) == [[], [110]]

    def test_a_tables_head_is_repeated(self):
        head = self.block(20)
        blocks = [head, *(self.block(30, head) for _ in range(5))]
        assert self.heights(paginate(blocks, first=80, following=80)) == [[20, 30, 30], [20, 30, 30], [20, 30]]
