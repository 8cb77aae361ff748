"""The pages of Prefect's own UI, in the words of its user: fields, buttons, tabs, states.

Owns how things are found on its pages. Does not own waiting for a run to get somewhere: the server says that sooner.
"""

import re
from collections.abc import Callable
from uuid import UUID

from playwright.sync_api import Error, Locator, Page, expect

__all__ = ["BROWSERS", "FLAGS", "Ui"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WAIT_MS = 30_000
TRY_MS = 6_000
REST_MS = 700
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


class Ui:
    """One tab of a browser on the UI of a Prefect server. Whatever is not there within 30 s fails the caller."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)

    def open(self, path: str) -> None:
        """Go to a page of the UI."""
        self.page.goto(path)

    def open_deployment(self, name: str, tab: str | None = None) -> None:
        """Go to a deployment's page by way of the list of all."""
        self.open("/deployments")
        self.page.get_by_role("link", name=name, exact=True).click()
        self.page.wait_for_url("**/deployments/deployment/**")
        if tab is not None:
            self.open_tab(tab)

    def open_run(self, run_id: UUID, tab: str | None = None) -> None:
        """Go to a flow run's page."""
        self.open(f"/runs/flow-run/{run_id}")
        if tab is not None:
            expect(self.page.locator(".state-badge").first).to_be_visible(timeout=WAIT_MS)
            self.open_tab(tab)

    def open_tab(self, name: str) -> None:
        """Bring a tab of the page to the front, where it stays: a page that is loaded goes back to its first one."""
        tab = self.page.locator(".p-tab-navigation").get_by_text(name, exact=True)
        in_front = expect(self.page.locator(".p-tab-navigation .p-tab__active"))

        def stays() -> None:
            in_front.to_have_text(name, timeout=TRY_MS)
            self.page.wait_for_timeout(REST_MS)
            in_front.to_have_text(name, timeout=REST_MS)

        _until(lambda: tab.click(timeout=TRY_MS), stays)

    def text(self) -> str:
        """What can be read on the page."""
        return self.page.locator("body").inner_text()

    def shows(self, text: str | re.Pattern[str]) -> None:
        """Wait until the text can be read somewhere on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=WAIT_MS)

    def run_is(self, state: str) -> None:
        """Wait until the flow run's badge says so."""
        expect(self.page.locator(".state-badge").first).to_have_text(state, timeout=WAIT_MS)

    def open_form(self) -> None:
        """From a deployment's page, go to the form that asks for the parameters of a run."""
        self.press("Run")
        self.page.get_by_text("Custom run").click()

    def send_form(self) -> None:
        """Ask for the run; the page goes back to its deployment when the server has taken it."""
        back = re.compile(r"/deployments/deployment/[0-9a-f-]+(\?.*)?$")
        self.page.keyboard.press("Escape")  # a list that is still open would take the click
        _until(lambda: self.press("Submit"), lambda: expect(self.page).to_have_url(back, timeout=TRY_MS))

    def open_artifact(self, kind: str) -> None:
        """From the tab of a run's artifacts, open the one whose key begins with this word."""
        self.page.locator("a[href*='/artifacts/artifact/']").filter(has_text=re.compile(rf"{kind}-g")).first.click()
        self.shows("Show raw data")

    def field(self, name: str) -> Locator:
        """The part of a form that asks for one parameter: its title, description, input and complaints."""
        title = self.page.locator(".schema-form-property__label").get_by_text(
            re.compile(rf"^{re.escape(name)}( \(Optional\))?$")
        )
        return self.page.locator(".schema-form-property").filter(has=title)

    def fill(self, name: str, value: str) -> None:
        """Write into a parameter's field."""
        self.field(name).locator("textarea, input").first.fill(value)

    def press(self, button: str, *, confirm: str | None = None) -> None:
        """Press a button, and the one that confirms it in the question that follows."""
        if confirm is None:
            self.page.get_by_role("button", name=button, exact=True).first.click()
            return
        self.ask(button)
        self.answer(confirm)

    def ask(self, button: str) -> None:
        """Press a button until the question is there that it asks."""
        there = expect(self._question)
        _until(lambda: self.press(button), lambda: there.to_be_visible(timeout=TRY_MS))

    def answer(self, button: str) -> None:
        """Press a button of the question until it is gone."""
        answer = self._question.get_by_role("button", name=button, exact=True)
        _until(lambda: answer.click(timeout=TRY_MS), lambda: expect(self._question).to_have_count(0, timeout=TRY_MS))

    @property
    def _question(self) -> Locator:
        return self.page.locator("#p-modal-teleport-target .p-modal__card")

    def switch(self, *, before: str) -> None:
        """Turn the only switch of the page, which is `before` now ("true" or "false")."""
        switch = self.page.get_by_role("switch")
        expect(switch).to_have_attribute("aria-checked", before)
        turned = expect(switch)
        _until(switch.click, lambda: turned.not_to_have_attribute("aria-checked", before, timeout=TRY_MS))

    def choose(self, name: str, choice: str | int) -> list[str]:
        """Choose from a parameter's list, by words or place, and return all that it offers.

        A click would open and close the list.
        """
        control = self.field(name).locator(".p-select-button__control")
        offered = self.page.locator(".p-select-option__text")
        texts: list[str] = []

        def take() -> None:
            control.focus()
            self.page.keyboard.press("Space")
            expect(offered.first).to_be_visible(timeout=TRY_MS)
            texts[:] = offered.all_inner_texts()
            offered.nth(choice if isinstance(choice, int) else texts.index(choice)).click(timeout=TRY_MS)

        def taken() -> None:
            wanted = texts[choice] if isinstance(choice, int) else choice
            expect(control).to_have_text(wanted, timeout=TRY_MS)
            expect(offered).to_have_count(0, timeout=TRY_MS)

        _until(take, taken)
        return texts

    def task_runs(self) -> dict[str, str]:
        """The task runs of the flow run whose page is open, by name, with the names of their states."""
        rows = self.page.locator(".task-run-list-item")
        expect(rows.first).to_be_visible()
        names = [row.locator(".state-list-item__name").inner_text() for row in rows.all()]
        states = [row.locator(".state-badge").first.inner_text() for row in rows.all()]
        return dict(zip(names, states, strict=True))


def _until(act: Callable[[], None], holds: Callable[[], None], tries: int = 4) -> None:
    """Act, and act again while it was not heard: the pages do not listen yet when they are drawn anew."""
    for _ in range(tries - 1):
        try:
            act()
            return holds()
        except (AssertionError, Error):  # also when what was to be clicked is gone by now
            continue
    return holds()
