"use strict";
// Tables sort by a click on a column's head: numbers from the largest, text from A. Empty cells
// stay last, and rows that are equal keep their order.
for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const valueOf = (row, column, isNumber) => {
        const cell = row.cells[column];
        const value = cell.dataset.value ?? cell.textContent;
        return isNumber && value !== "" ? Number(value) : value;
    };
    const sort = (column) => {
        const head = heads[column];
        const isNumber = head.classList.contains("number");
        const down = head.ariaSort ? head.ariaSort === "ascending" : isNumber;
        for (const other of heads) {
            other.removeAttribute("aria-sort");
        }
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = (a, b) => {
            const x = valueOf(a, column, isNumber);
            const y = valueOf(b, column, isNumber);
            if (x === "" || y === "") {
                return (x === "") - (y === "");
            }
            const sign = isNumber ? x - y : x.localeCompare(y);
            return down ? -sign : sign;
        };
        body.append(...[...body.rows].sort(order));
    };
    heads.forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        button.addEventListener("click", () => sort(column));
        head.replaceChildren(button);
    });
}
