/// The version of Tophash that made a report.
package let toolVersion = "0.1.0"
