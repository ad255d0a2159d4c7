"""Reports in a real browser: on a phone, on paper, in the dark, by keyboard."""

import pandas as pd
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from protimb.utils._page import Page, Section, Table

PAGES = ["comparison_page", "imbalance_page", "evaluation_page", "audit_page"]
# Text whose colour and what is behind it differ by less than WCAG's 4.5.
FAINT = """
const light = (colour) => {
  const parts = colour.match(/[\\d.]+/g).map(Number);
  const [r, g, b] = parts.slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const isClear = (colour) => /^rgba\\(.*, 0\\)$/.test(colour);
const behind = (element) => {
  while (element && isClear(getComputedStyle(element).backgroundColor)) {
    element = element.parentElement;
  }
  return getComputedStyle(element || document.documentElement).backgroundColor;
};
const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const holdsText = (element) =>
  [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
const found = [];
let counted = 0;
for (const element of document.body.querySelectorAll("*")) {
  if (!holdsText(element) || !element.checkVisibility()) continue;
  for (const part of [null, "::before", "::after", "::placeholder"]) {
    const contrast = ratio(light(getComputedStyle(element, part).color), light(behind(element)));
    counted += 1;
    if (contrast < 4.5) found.push(`${element.tagName} ${part} ${contrast.toFixed(2)}`);
  }
}
return [counted, found];
"""


@pytest.fixture(params=PAGES)
def page(request):
    return request.getfixturevalue(request.param)


def table_of(driver, caption):
    """The box of the table with this caption."""
    path = f"//caption[starts-with(., '{caption}')]/ancestor::div[@class='table']"
    return driver.find_element(By.XPATH, path)


def column(box, number):
    """Texts of the shown cells of a column, their first lines."""
    rows = box.find_elements(By.CSS_SELECTOR, "tbody tr:not([hidden])")
    return [row.find_elements(By.XPATH, "*")[number].text.split("\n")[0] for row in rows]


def heading(box, words):
    return box.find_element(By.XPATH, f".//thead//button[starts-with(., '{words}')]")


def sorted_by(box, words):
    return heading(box, words).find_element(By.XPATH, "..").get_attribute("aria-sort")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_no_page_complains_or_scrolls_sideways(page, width, scheme, visit):
    driver = visit(page, width, scheme)
    assert driver.get_log("browser") == []
    wide = "return document.documentElement.scrollWidth"
    assert driver.execute_script(wide) <= width
    # Also with everything unfolded.
    driver.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert driver.execute_script(wide) <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(page, scheme, visit):
    driver = visit(page, 1400, scheme)
    driver.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    counted, faint = driver.execute_script(FAINT)
    assert counted > 100
    assert faint == []
    paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_a_hostile_name_is_a_name(page, hostile, visit):
    driver = visit(page)
    assert driver.execute_script("return window.harmed") is None
    assert driver.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    # What is folded is text too.
    assert hostile in driver.execute_script("return document.body.textContent")


def test_the_last_column_is_in_sight_on_a_large_screen(page, visit):
    driver = visit(page, 1400)
    hidden = """return [...document.querySelectorAll(".wide")]
      .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.innerText)"""
    assert driver.execute_script(hidden) == []


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_terms_sort_by_size_gain_and_name(by, comparison_page, visit):
    driver = visit(comparison_page)
    box = table_of(driver, "Gain in average precision")

    def press(words):
        button = heading(box, words)
        if by == "mouse":
            button.click()
        else:
            driver.execute_script("arguments[0].focus()", button)
            ActionChains(driver).send_keys(Keys.ENTER).perform()

    gains = [float(text) for text in column(box, 3)]
    assert gains == sorted(gains, reverse=True)
    for _, order, is_descending in [(1, "descending", True), (2, "ascending", False)]:
        press("training proteins")
        assert sorted_by(box, "training proteins") == order
        sizes = [int(text) for text in column(box, 1)]
        assert sizes == sorted(sizes, reverse=is_descending)
    press("term")
    names = column(box, 0)
    assert sorted_by(box, "term") == "ascending"
    assert sorted_by(box, "training proteins") is None
    assert names == driver.execute_script(
        "return arguments[0].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))",
        names,
    )


def test_terms_filter_by_name_size_and_gain(comparison_page, visit):
    driver = visit(comparison_page)
    box = table_of(driver, "Gain in average precision")
    before = column(box, 0)
    search = box.find_element(By.CSS_SELECTOR, "input[type=search]")
    search.send_keys("<SCRIPT>")
    found = column(box, 0)
    assert found == [name for name in before if "<script>" in name]
    assert 0 < len(found) < len(before)
    count = box.find_element(By.CLASS_NAME, "count").text
    assert count == f"{len(found)} of {len(before)} rows"
    search.clear()
    assert column(box, 0) == before
    low, high = (
        box.find_element(By.CSS_SELECTOR, f"input[aria-label='{label}']")
        for label in ("training proteins, from", "mean gain, to")
    )
    low.send_keys("20")
    assert min(int(text.replace(",", "")) for text in column(box, 1)) >= 20
    high.send_keys("0")
    assert all(float(text) <= 0 for text in column(box, 3))
    assert all(int(text.replace(",", "")) >= 20 for text in column(box, 1))


def test_a_long_table_shows_all_its_rows_when_asked(tmp_path, visit):
    frame = pd.DataFrame({"name": [f"t{n}" for n in range(1500)], "number": range(1500)})
    table = Table(frame, "Many", n_shown=20)
    Page("t", "l", [Section("s", [table])]).save(tmp_path / "a.html")
    box = table_of(visit(tmp_path / "a.html"), "Many")
    assert len(column(box, 0)) == 20
    heading(box, "number").click()
    assert column(box, 1)[0] == "1,499"  # of all rows, not of those that were shown
    more = box.find_element(By.CLASS_NAME, "more")
    assert more.text == "Show all 1,500 rows"
    more.click()
    n_rows = len(box.find_elements(By.CSS_SELECTOR, "tbody tr:not([hidden])"))
    assert (n_rows, more.is_displayed()) == (1500, False)


def test_arrow_keys_go_from_point_to_point_and_say_what_each_is(comparison_page, toy, visit):
    driver = visit(comparison_page)
    figure = driver.find_element(By.CSS_SELECTOR, "figure.map")
    plane = figure.find_element(By.CLASS_NAME, "plane")
    driver.execute_script("arguments[0].focus()", plane)
    heard = []
    for _ in range(6):
        ActionChains(driver).send_keys(Keys.ARROW_RIGHT).perform()
        heard.append(figure.find_element(By.CLASS_NAME, "said").text)
    who = {text.split(": ")[0] for text in heard}
    assert who <= {*toy.protein_ids, "generated"}
    assert len(set(heard)) > 1
    assert len(figure.find_elements(By.CSS_SELECTOR, ".told")) == 1
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    assert not figure.find_element(By.CLASS_NAME, "tip").is_displayed()


def test_a_pointer_on_a_point_is_told_what_it_is(comparison_page, visit):
    driver = visit(comparison_page)
    mark = driver.find_element(By.CSS_SELECTOR, "figure.map g.real circle")
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", mark)
    ActionChains(driver).move_to_element(mark).perform()
    tip = driver.find_element(By.CSS_SELECTOR, "figure.map .tip")
    assert tip.is_displayed()
    assert ": " in tip.text


def test_a_term_of_the_map_can_be_put_aside(comparison_page, visit):
    driver = visit(comparison_page)
    entry = driver.find_element(By.CSS_SELECTOR, "figure.map .legend button")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false"
    assert driver.find_elements(By.CSS_SELECTOR, "svg g.c0.off")
    entry.click()
    assert not driver.find_elements(By.CSS_SELECTOR, "svg g.off")


def test_every_control_is_reached_by_the_tab_key(comparison_page, visit):
    driver = visit(comparison_page)
    ask = """return [...document.querySelectorAll("button, input, summary, a, .wide, .plane")]
      .filter((one) => one.checkVisibility() && one.tabIndex < 0).length"""
    assert driver.execute_script(ask) == 0


def test_paper_has_no_controls_and_cuts_nothing_off(page, visit):
    driver = visit(page, 1000, "dark", media="print")
    shown = """return [...document.querySelectorAll("nav, .controls, .more, .count")]
      .filter((one) => one.checkVisibility()).length"""
    assert driver.execute_script(shown) == 0
    cut = """return [...document.querySelectorAll(".wide")]
      .filter((box) => getComputedStyle(box).overflowX !== "visible").length"""
    assert driver.execute_script(cut) == 0
    paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"  # whatever the screen has


def test_without_scripts_every_row_and_every_name_of_a_point_is_there(comparison_page, visit):
    driver = visit(comparison_page)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.get(comparison_page.as_uri())

    def find(selector):
        root = driver.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
        found = driver.execute_cdp_cmd(
            "DOM.querySelectorAll", {"nodeId": root, "selector": selector}
        )
        return found["nodeIds"]

    try:
        rows = find(".table[data-shown] tbody tr")
        assert rows
        for row in rows:  # raises where a row is not laid out
            assert driver.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": row})["model"]["height"] > 0
        assert len(find("svg title")) == len(find("svg circle, svg path")) > 0
        assert not find("button, .controls, .tip")
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
