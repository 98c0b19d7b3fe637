"use strict";
/* Figures and sample types in words. */

const TYPE_WORDS = {
  alloc_objects: "blocks ever allocated",
  alloc_space: "bytes ever allocated",
  inuse_objects: "live blocks",
  inuse_space: "live bytes",
  opened_fds: "descriptors ever opened",
  inuse_fds: "open descriptors",
  created_threads: "threads ever created",
  inuse_threads: "live threads",
  inuse_stack: "bytes of live stacks",
  mapped_objects: "mappings ever made",
  mapped_space: "bytes ever mapped",
  goroutine: "goroutines",
};

function nameColumn(column, kind) {
  const mapped = kind.startsWith("mmap") && column.type.startsWith("inuse_");
  const words = mapped && column.type === "inuse_objects" ? "live mappings" : TYPE_WORDS[column.type] || column.type;
  return column.growth ? `growth: ${words} since the mark` : words;
}

function formatBytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = Math.abs(value), unit = 0;
  for (; size >= 1023.95 && unit + 1 < units.length; unit++) size /= 1024;
  return `${value < 0 ? "\u2212" : ""}${unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

function formatCount(value) {
  return (value < 0 ? "\u2212" : "") + String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ",");
}

const formatValue = (column, value) => (column.unit === "bytes" ? formatBytes(value) : formatCount(value));
const formatChange = (column, value) => (value > 0 ? "+" : "") + formatValue(column, value);

function formatShare(part, whole) {
  if (whole === 0) return "0 %";
  const share = (100 * part) / whole;
  return share !== 0 && Math.abs(share) < 0.1 ? "< 0.1 %" : `${share.toFixed(1)} %`;
}
