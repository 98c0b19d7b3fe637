// Reads a file with speedscope's own importer, in node, and prints each profile: its name, unit, total, and the function with the
// largest weight of its own.
//
//   speedscope_import.js FOLDER-OF-SPEEDSCOPE FILE
//
// The package has the importer only in the page's one script: all of that is run but its last step, which draws the page.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

// A page in which everything is there and does nothing.
function nothing() {
    return new Proxy(function () {}, {
        get: (target, key) => (key === Symbol.toPrimitive ? () => "" : key === "length" ? 0 : nothing()),
        set: () => true,
        apply: () => nothing(),
        construct: () => nothing(),
    });
}

function findImporter(release) {
    const script = fs.readdirSync(release).find((name) => /^speedscope-.*\.js$/.test(name));
    const source = fs.readFileSync(path.join(release, script), "utf8");
    const importer = /await (\w+)\("From Clipboard"/.exec(source);
    const lastStep = source.indexOf("console.log(`speedscope v");
    if (importer === null || lastStep < 0)
        throw new Error(`${script} is not as it was in the release that this was written for`);
    const page = { console: { log() {}, error() {}, warn() {}, time() {}, timeEnd() {} }, document: nothing(), navigator: nothing(),
        location: { hash: "", search: "", protocol: "file:" }, TextDecoder, TextEncoder, URL, setTimeout, clearTimeout };
    page.window = page.self = page.globalThis = page;
    page.matchMedia = page.addEventListener = page.requestAnimationFrame = nothing();
    vm.runInNewContext(`${source.slice(0, lastStep)} globalThis.importText = ${importer[1]}; })();`, page, { filename: script });
    return page.importText;
}

function describe(profile) {
    let heaviest = null;
    profile.forEachFrame((frame) => {
        if (heaviest === null || frame.getSelfWeight() > heaviest.getSelfWeight())
            heaviest = frame;
    });
    return [profile.getName(), profile.getWeightUnit(), profile.getTotalWeight(), heaviest === null ? "" : heaviest.name].join("\t");
}

async function main([folder, file]) {
    const importText = findImporter(path.join(folder, "dist", "release"));
    const group = await importText(path.basename(file), fs.readFileSync(file, "utf8"));
    if (group === null)
        throw new Error(`${file}: speedscope does not know this format`);
    console.log(group.profiles.map(describe).join("\n"));
}

main(process.argv.slice(2)).catch((error) => {
    console.error(`speedscope_import.js: ${error.stack}`);
    process.exit(1);
});
